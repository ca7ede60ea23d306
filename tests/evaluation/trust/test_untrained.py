import pytest
import torch

from salience.core.errors import NotAvailable
from salience.evaluation.importance import Rollout
from salience.evaluation.trust import measure_trust
from salience.evaluation.trust.learned import learned
from salience.evaluation.trust.untrained import CASCADE, cascade, shuffled, untrained
from tests.evaluation.linear import linear
from tests.evaluation.trust.trials import WORDS, pointer, trial

POINTED = {word: (float(i % 4), float((i % 3) - 1)) for i, word in enumerate(WORDS)}


def weights(pipeline):
    return [each.detach().clone() for each in pipeline.model.parameters()]


def test_shuffled_weights_are_the_same_numbers_in_another_order():
    pipeline = pointer(POINTED)
    before, after = weights(pipeline), weights(shuffled(pipeline, 1.0, seed=3))
    assert any(not torch.equal(*pair) for pair in zip(before, after, strict=True))
    for one, other in zip(before, after, strict=True):
        assert torch.equal(one.flatten().sort().values, other.flatten().sort().values)
    assert all(torch.equal(*pair) for pair in zip(before, weights(pipeline), strict=True))


def test_the_answer_loses_its_training_first():
    pipeline = pointer({word: (float(i), i / 7 - 2) for i, word in enumerate(WORDS)})
    before = weights(pipeline)
    kept = [
        [torch.equal(*pair) for pair in zip(before, weights(shuffled(pipeline, share, seed=0)), strict=True)]
        for share in (0.0, 0.5, 1.0)
    ]
    assert all(kept[0])
    # The embeddings stand first, the head last.
    assert kept[1][0]
    assert not kept[2][0]
    assert not all(kept[1])


def test_equal_seeds_shuffle_alike():
    pipeline = pointer(POINTED)
    first, again, other = (weights(shuffled(pipeline, 1.0, seed=seed)) for seed in (0, 0, 1))
    assert all(torch.equal(*pair) for pair in zip(first, again, strict=True))
    assert not all(torch.equal(*pair) for pair in zip(first, other, strict=True))


def test_a_model_of_ours_is_made_again():
    pipeline = pointer(POINTED)
    first, second, third = (weights(each) for each in untrained(pipeline, seed=0))
    assert len({tuple(each[0].flatten().tolist()) for each in (first, second, third)}) == 3
    assert not torch.equal(first[0].flatten().sort().values, weights(pipeline)[0].flatten().sort().values)
    assert list(cascade(pipeline, seed=0)) == []


def test_of_an_unknown_model_nothing_is_known():
    with pytest.raises(NotAvailable, match="cannot be made again without its training"):
        next(untrained(linear({"good": 1.0}), seed=0))


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    """A trained classifier of Hugging Face, as a pipeline."""
    pytest.importorskip("transformers")
    from salience.run.outside import outside
    from tests.run.tiny_models import classifier

    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    return outside(str(classifier(tmp_path_factory.mktemp("bert"), "Bert", steps=60, **shape)))


def reviews(count):
    from salience.data.synthetic import planted_sentiment

    return [{"text": text} for text in planted_sentiment(rows=count, seed=9)["text"]]


def test_the_weights_of_a_foreign_model_lose_their_training_step_by_step(bert):
    before = weights(bert)
    found = learned(trial(bert, reviews(40), method=Rollout(), draws=100))
    names = {f"correlation_without_last_{share:.0%}".rstrip("%") for share in CASCADE}
    assert set(found.statistics) == {"correlation_untrained", "correlation_position", *names}
    assert abs(found.statistics["correlation_untrained"].value) < 0.7
    # The model on trial is as it was.
    assert all(torch.equal(*pair) for pair in zip(before, weights(bert), strict=True))


def test_a_foreign_model_is_put_to_all_tests_that_need_no_pool(bert):
    found = measure_trust(bert, reviews(32), draws=50)
    available = [each.name for each in found.outcomes if each.verdict != "not available"]
    assert available == ["right_parts", "honest", "enough", "learned", "stable"]
