from dataclasses import replace

import pytest

from salience.core.errors import ConfigError
from salience.evaluation.bootstrap import Bootstrap
from salience.training.explanation import measure_seeds
from tests.training.explanation.trained import OPTIONS, trained
from tests.training.train_once import rows


def test_the_same_seed_is_the_same_model_and_another_one_looks_elsewhere(tmp_path):
    base, train, validation, _ = trained()
    found = measure_seeds(
        base,
        train,
        validation,
        rows(17, seed=5)[0],
        seeds=[OPTIONS.seed, 8],
        options=replace(OPTIONS, seed=99),
        folder=tmp_path,
        bootstrap=Bootstrap(50),
    )
    assert list(found) == [3, 8]
    assert found[3].divergence.mean.value == found[3].change.mean.value == 0
    assert found[8].divergence.mean.value > 0
    assert found[8].divergence.num_rows == 17


def test_there_must_be_a_seed(tmp_path):
    base, train, validation, _ = trained()
    with pytest.raises(ConfigError, match="at least one seed to train with"):
        measure_seeds(base, train, validation, ["a"], seeds=[], options=OPTIONS, folder=tmp_path)
