import numpy as np
import pytest

from salience.data import planted_sentiment
from salience.data.rationale import read_rationale
from salience.evaluation.importance import Received
from salience.pipeline import Pipeline
from salience.training import Side, TrainOptions, fit

TRAIN = {"epochs": 3, "learning_rate": 0.01, "patience": 0}


def planted(pipeline, rows, seed, *, annotated=1.0):
    frame = planted_sentiment(rows=rows, seed=seed)
    texts, labels = frame[["text"]].to_dict("records"), list(frame["label"])
    marked = [read_rationale(cell, text) for cell, text in zip(frame["evidence"], frame["text"], strict=True)]
    kept = [each if place < annotated * rows else None for place, each in enumerate(marked)]
    if not hasattr(pipeline, "model"):
        pipeline.learn(texts, labels, seed=0)
    return Side(pipeline.encode(texts), labels, {"text": kept})


def taught(folder, *, annotated=1.0, model=None, **options):
    pipeline = Pipeline({"text": "Text"}, "Classification", model={"width": 16, **(model or {})})
    train, validation = planted(pipeline, 331, 1, annotated=annotated), planted(pipeline, 53, 2)
    fitted = fit(pipeline, train, validation, options=TrainOptions(**{**TRAIN, **options}), folder=folder)
    return pipeline, fitted


def share_on_evidence(pipeline):
    """Of the attention on unseen rows."""
    frame = planted_sentiment(rows=97, seed=3)
    found = Received()(pipeline, frame["text"])
    marked = [{(span.start, span.stop) for span in spans} for spans in frame["evidence"]]
    shares = [
        sum(heat.score for heat in heats if (heat.unit.place.start, heat.unit.place.stop) in spans)
        for heats, spans in zip(found, marked, strict=True)
    ]
    return float(np.mean(shares))


@pytest.fixture(scope="module")
def untaught(tmp_path_factory):
    return share_on_evidence(taught(tmp_path_factory.mktemp("untaught"))[0])


@pytest.mark.parametrize("loss", ["KL", "Mass"])
def test_attention_on_unseen_rows_moves_onto_planted_evidence(loss, untaught, tmp_path):
    pipeline, fitted = taught(tmp_path, attention_loss=loss)
    assert untaught < 0.5
    assert share_on_evidence(pipeline) > 0.95
    assert fitted.best.scores["accuracy"] > 0.8


def test_a_tenth_of_the_rows_annotated_is_enough(untaught, tmp_path):
    pipeline, _ = taught(tmp_path, attention_loss="KL", annotated=0.1)
    assert share_on_evidence(pipeline) > untaught + 0.3
