import numpy as np
import pytest
import torch

from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.data import planted_sentiment
from salience.data.rationale import Rationale, read_rationale
from salience.evaluation.importance import GradientXInput, Received
from salience.pipeline import Pipeline
from salience.training import Side, TrainOptions, fit
from salience.training.teaching import Teaching, build_losses
from tests.training.train_once import make_pipeline, sides

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


def teaching(loss, rationales, *, model=None, columns=("text",)):
    """Some losses, with a pipeline and one batch of three rows."""
    pipeline = Pipeline(
        {name: {"Text": {"min_count": 1}} for name in columns}, "Classification", model={"width": 8, **(model or {})}
    )
    rows = [dict.fromkeys(columns, text) for text in ("a fine film", "so dull", "no word of it was fine")]
    examples = pipeline.learn(rows, ["good", "bad", "bad"]).encode(rows)
    made = Teaching(build_losses(loss), pipeline, examples, rationales)
    batch = pipeline.collate(examples)
    return made, pipeline, batch, pipeline.model.eval()(batch)


FINE, FILM = Rationale((((2, 6),),)), Rationale((((7, 11),),))


def test_the_mean_is_over_annotated_rows():
    made, _, batch, output = teaching("Mass", {"text": [FINE, None, None]})
    weights = output.records["text"][-1].weights()[0, 0, 0]
    assert made(output, batch, [0, 1, 2]).item() == pytest.approx(-weights[1].log().item(), rel=1e-6)


def test_a_batch_without_annotation_costs_nothing_and_teaches_nothing():
    made, pipeline, batch, output = teaching("KL", {"text": [None, None, None, FINE]})
    loss = made(output, batch, [0, 1, 2])
    assert loss.item() == 0
    loss.backward()
    assert not any(each.grad.any() for each in pipeline.model.parameters() if each.grad is not None)


def test_a_row_in_which_people_marked_nothing_is_left_out():
    made, _, batch, output = teaching("KL", {"text": [FINE, Rationale(((),)), None]})
    alone, _, _, _ = teaching("KL", {"text": [FINE, None, None]})
    assert torch.equal(made(output, batch, [0, 1, 2]), alone(output, batch, [0, 1, 2]))


def test_several_annotators_are_a_graded_target():
    made, _, batch, output = teaching(
        "KL", {"text": [Rationale((*FINE.stretches, *FINE.stretches, *FILM.stretches)), None, None]}
    )
    weights = output.records["text"][-1].weights()[0, 0, 0].double()
    wanted = torch.tensor([2 / 3, 1 / 3], dtype=torch.float64)
    expected = (wanted * (wanted / weights[1:3]).log()).sum().item()
    assert made(output, batch, [0, 1, 2]).item() == pytest.approx(expected, rel=1e-5)


def test_columns_count_together_and_weights_add_up():
    marks = {"title": [FINE, None, None], "body": [FILM, None, FINE]}
    made, _, batch, output = teaching(
        {"Mass": {"weight": 0.5}, "KL": {"weight": 2.0}}, marks, columns=("title", "body")
    )
    title, body = (output.records[name][-1].weights()[:, 0, 0] for name in ("title", "body"))
    # Characters 2 to 6 of the third row hold "wor", which is enough of "word".
    parts = torch.stack([title[0, 1], body[0, 2], body[2, 1]])
    assert made(output, batch, [0, 1, 2]).item() == pytest.approx(2.5 * -parts.log().mean().item(), rel=1e-5)


def test_marks_find_their_units_when_others_are_left_out():
    made, pipeline, _, _ = teaching("Mass", {"text": [FILM, None, None]})
    row = pipeline.encode([{"text": "a fine film"}])[0]
    thinned = pipeline.collate([{"text": pipeline.modalities["text"].without(row["text"], {0})}])
    output = pipeline.model(thinned)
    weights = output.records["text"][-1].weights()[0, 0, 0]
    assert made(output, thinned, [0]).item() == pytest.approx(-weights[1].log().item(), rel=1e-6)


def test_the_honest_target_is_the_importance_of_the_units_that_are_left():
    made, pipeline, batch, output = teaching({"Honesty": {"method": "GradientXInput"}}, {})
    made.begin(0)
    assert made(output, batch, [0, 1, 2]).item() == 0, "the first epoch goes without it"
    made.begin(1)
    (row, *_) = pipeline.encode([{"text": "a fine film"}])
    thinned = pipeline.collate([{"text": pipeline.modalities["text"].without(row["text"], {1})}])
    output = pipeline.model(thinned)
    measured = np.abs(GradientXInput().scores(pipeline, [row])[0]["text"])[[0, 2]]
    wanted = torch.from_numpy(measured / measured.sum())
    expected = (wanted * (wanted / output.records["text"][-1].weights()[0, 0, 0].double()).log()).sum()
    assert made(output, thinned, [0]).item() == pytest.approx(expected.item(), rel=1e-4)


def test_looking_for_honesty_changes_neither_mode_nor_gradients_nor_chance():
    made, pipeline, _, _ = teaching("Honesty", {})
    pipeline.model.train()
    before = torch.get_rng_state()
    made.begin(3)
    assert pipeline.model.training
    assert torch.equal(torch.get_rng_state(), before)
    assert all(each.grad is None for each in pipeline.model.parameters())


def test_validation_rationales_are_never_looked_at(tmp_path):
    class Untouchable:
        def __getattr__(self, name):
            raise AssertionError("somebody looked")

    pipeline = make_pipeline()
    train, validation = sides(pipeline)
    train = Side(train.examples, train.targets, {"text": [FINE] * len(train.examples)})
    validation = Side(validation.examples, validation.targets, {"text": Untouchable()})
    fit(pipeline, train, validation, options=TrainOptions(epochs=1, attention_loss="KL"), folder=tmp_path)


@pytest.mark.parametrize(
    ("loss", "rationales", "kind", "problem"),
    [
        ("KL", {}, ConfigError, "KL cannot know what people marked: no column says so"),
        ("Mass", {"text": [None, None, None]}, DataError, "none of the training rows is annotated"),
    ],
)
def test_a_loss_that_could_teach_nothing_is_refused(loss, rationales, kind, problem):
    with pytest.raises(kind) as caught:
        teaching(loss, rationales)
    assert problem in str(caught.value)
    assert caught.value.fix


@pytest.mark.parametrize("pool", ["Mean", "Max"])
def test_attention_that_is_not_learned_cannot_be_taught(pool):
    made, _, batch, output = teaching("KL", {"text": [FINE, None, None]}, model={"pool": pool})
    with pytest.raises(NotAvailable, match="is not learned, so nothing can teach it") as caught:
        made(output, batch, [0, 1, 2])
    assert "such as Additive" in str(caught.value)


def test_a_run_goes_on_with_what_a_loss_has_learned(tmp_path):
    def train(folder, epochs, resume=False):
        pipeline = make_pipeline()
        first, validation = sides(pipeline)
        marked = [Rationale((((0, 3),),))] * len(first.examples)
        options = TrainOptions(
            epochs=epochs, patience=0, schedule="Constant", attention_loss={"BinaryCrossEntropy": {}, "Honesty": {}}
        )
        told = Side(first.examples, first.targets, {"text": marked})
        fit(pipeline, told, validation, options=options, folder=folder, resume=resume)
        return pipeline.model.state_dict()

    undisturbed = train(tmp_path / "whole", 3)
    train(tmp_path / "parts", 2)
    (tmp_path / "parts" / "checkpoints" / "ended.txt").unlink()
    resumed = train(tmp_path / "parts", 3, resume=True)
    assert resumed.keys() == undisturbed.keys()
    assert all(torch.equal(resumed[name], each) for name, each in undisturbed.items())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "loss"),
    [
        ({"pool": {"MultiHead": {"heads": 2}}}, "KL"),
        ({"pool": {"Sparsemax": {"heads": 1}}}, {"FenchelYoung": {"alpha": 2.0}}),
        ({"pool": {"Entmax": {"heads": 1}}}, "FenchelYoung"),
        ({"encoder": "Hierarchical"}, "Mass"),
    ],
    ids=["heads", "sparsemax", "entmax", "sentences"],
)
def test_pools_of_every_kind_are_taught(model, loss, tmp_path):
    assert share_on_evidence(taught(tmp_path, model=model, attention_loss=loss, epochs=4)[0]) > 0.9


@pytest.mark.slow
def test_one_head_of_a_layer_is_taught(tmp_path):
    model = {"encoder": {"Transformer": {"layers": 1}}}
    pipeline, _ = taught(tmp_path, model=model, attention_loss={"KL": {"layer": 0, "head": 1}}, epochs=4)
    frame = planted_sentiment(rows=97, seed=3)
    shares = {0: [], 1: []}
    for index, batch, output in pipeline.outputs(pipeline.encode(frame["text"])):
        received = output.records["text"][0].received()
        for place, row in enumerate(index):
            marks = read_rationale(frame["evidence"][row], frame["text"][row]).marks(
                batch.examples[place]["text"].places
            )
            for head, found in shares.items():
                found.append(received[place, head, : marks.shape[1]].numpy() @ marks[0])
    assert np.mean(shares[1]) > 0.8 > 0.6 > np.mean(shares[0])
