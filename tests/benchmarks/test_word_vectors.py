"""Words with the same neighbours are near each other."""

import numpy as np

from benchmarks.word_vectors import SPREAD, _mutual_information, _pairs, write_vectors
from salience.data.vectors import read_vectors


def test_pairs_within_the_window_are_counted_both_ways_and_never_across_texts():
    found = _pairs([["a", "b", "rare", "a"], ["b"]], ["a", "b"]).toarray()
    # "a" and "b" at distance 1 and 2, "a" and "a" at distance 3.
    np.testing.assert_array_equal(found, [[2, 2], [2, 0]])


def test_mutual_information_by_hand():
    pairs = _pairs([["a", "b", "rare", "a"], ["b"]], ["a", "b"])
    found = _mutual_information(pairs).toarray()
    # p(a, b) = 2/6, p(a) = 4/6, p(b) = 2/6; that of "a" with itself is negative, and left out.
    np.testing.assert_allclose(found, [[0, np.log(1.5)], [np.log(1.5), 0]])


def test_words_of_one_kind_are_near_each_other(tmp_path):
    generator = np.random.default_rng(0)
    kinds = [["cat", "dog", "purr", "bark"], ["car", "bus", "road", "wheel"]]
    texts = [" ".join(generator.choice(kinds[i % 2], 7)) for i in range(200)]
    write_vectors(texts, tmp_path / "vectors.txt", width=4)
    words = [word for kind in kinds for word in kind]
    found = read_vectors(tmp_path / "vectors.txt", {word: i for i, word in enumerate(words)})
    assert found.values.shape == (8, 4)
    assert abs(found.values.std() - SPREAD) < 1e-3
    unit = found.values / np.linalg.norm(found.values, axis=1, keepdims=True)
    alike = unit @ unit.T
    assert alike[:4, :4].min() > alike[:4, 4:].max()
