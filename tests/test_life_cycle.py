"""Every task on every kind of text, from its config file to a loaded pipeline that points at the planted words."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from salience.core import config
from salience.data.synthetic import POSITIVE, POSITIVE_CHINESE, planted_chinese, planted_sentiment
from salience.evaluation.importance import Received
from salience.pipeline import Pipeline
from salience.run.settings import Settings
from salience.training import Side, fit

CONFIG = """
target: target
inputs: {{text: {{Text: {{tokens: {tokens}}}}}}}
task: {task}
model: {{width: 12, encoder: Identity, dropout: 0.1}}
train: {{epochs: {epochs}, batch_size: 16, learning_rate: 0.03, patience: 0}}
"""


@dataclasses.dataclass(frozen=True)
class Language:
    """Texts with planted words, and how to cut them."""

    planted: Callable[..., pd.DataFrame]
    positive: tuple[str, ...]
    tokens: str


LANGUAGES = {
    "English": Language(planted_sentiment, POSITIVE, "Word"),
    "Chinese": Language(planted_chinese, POSITIVE_CHINESE, "Word"),
}
TASKS = ("Classification", "MultiLabel", "Regression")


def targets(frame, language, task):
    """The label, which kinds of signal words there are, or how many more there are of one kind."""
    signals = [
        [text[span.start : span.stop] in language.positive for span in spans]
        for text, spans in zip(frame["text"], frame["evidence"], strict=True)
    ]
    if task == "Classification":
        return frame["label"].tolist()
    if task == "Regression":
        return [float(2 * sum(each) - len(each)) for each in signals]
    return [("praise",) * any(each) + ("blame",) * (not all(each)) for each in signals]


def learned(language, task, folder):
    """A pipeline made from the text of a config and trained on planted words."""
    text = CONFIG.format(tokens=language.tokens, task=task, epochs=8)
    settings = config.make(Settings, config.parse(text, where="config"), where="config")
    train, held = (language.planted(rows=rows, seed=rows) for rows in (251, 53))
    answers = targets(train, language, task)
    pipeline = Pipeline(settings.modalities, settings.task, model=settings.model)
    pipeline.learn(train[["text"]].to_dict("records"), answers, seed=0)
    sides = [Side(pipeline.encode(frame["text"]), targets(frame, language, task)) for frame in (train, held)]
    fitted = fit(pipeline, *sides, options=settings.options, folder=folder)
    return pipeline, fitted, held


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_a_pipeline_lives_from_its_config_to_its_answers(language, task, tmp_path):
    pipeline, fitted, held = learned(language, task, tmp_path / "training")
    assert fitted.best.loss < fitted.history[0].loss
    assert fitted.best.selected > {"Classification": 0.8, "MultiLabel": 0.7, "Regression": 0.4}[task]
    _loads_with_equal_answers(pipeline, held, tmp_path / "model")
    _every_parameter_has_a_gradient(pipeline, held, targets(held, language, task))
    _attention_points_at_the_planted_words(pipeline, held)


def _loads_with_equal_answers(pipeline, held, folder):
    again = Pipeline.load(pipeline.save(folder))
    assert again.predict(held["text"]) == pipeline.predict(held["text"])
    assert Received()(again, held["text"][:5]) == Received()(pipeline, held["text"][:5])


def _every_parameter_has_a_gradient(pipeline, held, answers):
    target = pipeline.task.encode(answers)
    batch = pipeline.collate(pipeline.encode(held["text"]), target)
    pipeline.task.loss(pipeline.model(batch).raw, batch.target).backward()
    for name, parameter in pipeline.model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


def _attention_points_at_the_planted_words(pipeline, held):
    """Chance is the share of the units that stand in planted words: what equal attention would pay."""
    paid, chance = [], []
    for heats, spans in zip(Received()(pipeline, held["text"]), held["evidence"], strict=True):
        inside = [
            any(span.start <= heat.unit.place.start and heat.unit.place.stop <= span.stop for span in spans)
            for heat in heats
        ]
        paid.append(sum(heat.score for heat, is_planted in zip(heats, inside, strict=True) if is_planted))
        chance.append(np.mean(inside))
    assert np.mean(paid) > 1.3 * np.mean(chance)
