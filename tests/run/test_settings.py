import numpy as np
import pytest

from salience.core import config
from salience.core.errors import ConfigError
from salience.data.infer import infer
from salience.data.table import read
from salience.data.tokens import Word
from salience.run.produce import with_seed
from salience.run.settings import Settings, seconds, usual_model, usual_training

FRAME = read(
    [{"text": f"film number {n} was fine", "title": f"the title number {n}", "label": n % 2} for n in range(9)]
)
GIVEN = [
    Settings(target="label"),
    Settings(target="label", inputs=("text",), name="名字: a # b", explain=0, data="a b.csv"),
    Settings(
        target="label",
        inputs={"text": {"Text": {"tokens": {"BytePair": {"size": 300}}, "pairs": 7}}, "title": "Text"},
        task={"Classification": {"balanced": True}},
        split={"Stratified": {"seed": 3}},
        model={"width": 8, "pool": "Mean"},
        train={"schedule": {"Plateau": {"patience": 0}}, "loggers": ["tensorboard"], "time_limit": 90.0, "seed": 4},
    ),
]


@pytest.mark.parametrize("given", GIVEN, ids=["nothing", "names", "everything"])
def test_resolved_settings_survive_their_config_file(given, tmp_path):
    resolved = given.resolved(infer(FRAME, target="label", inputs=given.readers))
    path = tmp_path / "config.yaml"
    path.write_text(resolved.to_yaml(), encoding="utf-8")
    assert config.make(Settings, config.read(path), where="config.yaml") == resolved
    assert resolved.resolved(infer(FRAME, target="label", inputs=resolved.readers)) == resolved


def test_what_was_left_open_is_filled_in():
    resolved = Settings(target="label", train={"epochs": 3}).resolved(infer(FRAME, target="label"))
    assert resolved.inputs == {"text": {"Text": {"tokens": "Word"}}, "title": {"Text": {"tokens": "Word"}}}
    assert resolved.task == "Classification"
    assert resolved.train["epochs"] == 3
    assert resolved.train["batch_size"] == 32
    assert resolved.model["encoder"] == "Convolution"


def test_what_was_chosen_stays():
    resolved = GIVEN[2].resolved(infer(FRAME, target="label", inputs=GIVEN[2].readers))
    assert resolved.inputs == GIVEN[2].inputs
    assert resolved.task == GIVEN[2].task
    assert resolved.model["width"] == 8
    assert resolved.train["seed"] == 4


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"targt": "label"}, "unknown key 'targt' (did you mean 'target'?"),
        ({"target": 3}, "'target' must be text or null, got 3"),
        ({"model": "Convolution"}, "'model' must be a mapping with names as keys"),
        ({"explain": 2.5}, "'explain' must be a whole number"),
    ],
)
def test_a_wrong_key_or_value_is_named(values, problem):
    with pytest.raises(ConfigError) as caught:
        config.make(Settings, values, where="config.yaml")
    assert problem in str(caught.value)


def test_wrong_training_options_are_found_before_anything_is_read():
    with pytest.raises(ConfigError, match="unknown key 'epoch'"):
        _ = Settings(train={"epoch": 3}).options
    with pytest.raises(ConfigError, match="'epochs' must be a whole number"):
        _ = Settings(train={"epochs": np.float64(3)}).options


def test_an_object_cannot_be_written_to_a_config_file():
    with pytest.raises(ConfigError, match="a setting cannot be written to a config file") as caught:
        Settings(inputs={"text": {"Text": {"tokens": Word()}}}).to_yaml()
    assert "give names and options" in str(caught.value)


@pytest.mark.parametrize(("text", "expected"), [("90s", 90), ("90", 90), ("10m", 600), (" 1.5 h ", 5400)])
def test_a_length_of_time_in_seconds(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "0", "-3m", "5 days", "1e3", "m", "１０d"])
def test_another_length_of_time_is_refused(text):
    with pytest.raises(ConfigError, match="expected a length of time above zero") as caught:
        seconds(text)
    assert "90s, 10m or 2h" in str(caught.value)


def test_a_seed_replaces_that_of_the_settings():
    settings = Settings(train={"seed": 1, "epochs": 2})
    assert with_seed(settings, 7).train == {"seed": 7, "epochs": 2}
    assert with_seed(settings, None) is settings


class TestTables:
    FRAME = read(
        [
            {"text": f"film number {n} was fine", "age": n * 7 % 10, "job": ["cook", "vet"][n % 2], "label": n % 2}
            for n in range(9)
        ]
    )

    def test_what_is_no_text_becomes_one_table_with_a_model_for_columns(self):
        frame = self.FRAME.drop(columns="text")
        resolved = Settings().resolved(infer(frame, target="label"))
        assert resolved.inputs == {"table": {"Table": {"columns": {"age": "numeric", "job": "categorical"}}}}
        assert (resolved.model["encoder"], resolved.model["pool"]) == ("FeedForward", "ThenFeedForward")
        assert (resolved.model["width"], resolved.train["epochs"]) == (64, 50)
        again = resolved.resolved(infer(frame, target="label", inputs=resolved.readers))
        assert again == resolved

    def test_texts_stand_beside_the_table_with_an_encoder_of_their_own(self):
        resolved = Settings().resolved(infer(self.FRAME, target="label"))
        assert list(resolved.inputs) == ["text", "table"]
        assert resolved.model["encoder"] == {"text": "Convolution", "table": "FeedForward"}
        assert resolved.model["pool"] == {"text": "Additive", "table": "ThenFeedForward"}
        assert (resolved.model["width"], resolved.train["epochs"]) == (128, 12)
        chosen = Settings(model={"encoder": "TabNet"}, train={"epochs": 3})
        assert chosen.resolved(infer(self.FRAME, target="label")).model["encoder"] == "TabNet"

    def test_attention_over_columns_is_that_of_columns_without_an_order(self):
        mixed = {"Transformer": {"layers": 2, "positions": None}}
        chosen = Settings(model={"attention": "MultiHead"})
        alone = chosen.resolved(infer(self.FRAME.drop(columns="text"), target="label")).model
        assert (alone["encoder"], alone["pool"]) == (mixed, "Additive")
        beside = chosen.resolved(infer(self.FRAME, target="label")).model
        assert (beside["encoder"], beside["pool"]) == ({"text": "Transformer", "table": mixed}, "Additive")

    def test_a_chosen_encoder_is_read_by_a_plain_pool(self):
        inference = infer(self.FRAME.drop(columns="text"), target="label")
        chosen = Settings(model={"encoder": "TabNet"}).resolved(inference).model
        assert (chosen["encoder"], chosen["pool"], chosen["width"]) == ("TabNet", "Additive", 64)
        assert Settings(model={"pool": "Mean"}).resolved(inference).model["pool"] == "Mean"

    def test_a_text_column_called_table_keeps_its_name(self):
        frame = self.FRAME.rename(columns={"text": "table"})
        frame.attrs = self.FRAME.attrs
        assert list(Settings().resolved(infer(frame, target="label")).inputs) == ["table", "table_"]


@pytest.mark.parametrize(("rows", "pool"), [("nodes", "AtNode"), ("pairs", "AtPair"), ("graphs", "Additive")])
def test_a_graph_has_a_model_of_its_own_with_a_layer_for_each_step(rows, pool) -> None:
    inputs = {"node": {"Graph": {"rows": rows, "hops": 3}}}
    model = usual_model(inputs, {})
    assert model["encoder"] == {"GraphStack": {"layers": 3, "attention": "GATv2", "residual": True}}
    assert model["pool"] == pool
    assert usual_training(inputs)["epochs"] == 50
