"""Models that were trained elsewhere predict, explain and are put to the proof as our own are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from salience.cli import main
from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.data.synthetic import planted_sentiment
from salience.run.explain import explain
from salience.run.outside import outside
from tests.run.tiny_models import classifier, language_model, transformers

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
SMALL = {**SIZES, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
GPT = {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 64}
SHORT, LONG = "a lovely film", "the film was a tedious, dreadful mess before the morning train"


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return classifier(tmp_path_factory.mktemp("bert"), "Bert", steps=100, initializer_range=0.1, **SMALL)


@pytest.fixture(scope="module")
def gpt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return classifier(tmp_path_factory.mktemp("gpt"), "GPT2", **GPT)


@pytest.mark.parametrize("kind", ["bert", "gpt"])
def test_answers_are_those_of_transformers(kind: str, request: pytest.FixtureRequest):
    folder = request.getfixturevalue(kind)
    network = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    read = transformers.AutoTokenizer.from_pretrained(folder)
    found = outside(str(folder)).predict([SHORT, LONG])
    for text, answer in zip((SHORT, LONG), found, strict=True):
        with torch.no_grad():
            ids = read(text, return_tensors="pt")["input_ids"]
            expected = network(input_ids=ids).logits.softmax(-1)[0]
        assert answer.probabilities == pytest.approx({"negative": expected[0].item(), "positive": expected[1].item()})


def test_importance_is_told_by_word_and_sums_to_one(bert: Path):
    result = explain(outside(str(bert)), [SHORT, LONG], method="rollout")
    assert [unit.text for unit in result.units[0]] == ["a", "lovely", "film"]
    assert [sum(scores) for scores in result.importance] == pytest.approx([1, 1])
    # From the first position, where BERT reads its answer, through both layers.
    pipeline = outside(str(bert))
    eager = transformers.AutoModelForSequenceClassification.from_pretrained(bert, attn_implementation="eager")
    ids = transformers.AutoTokenizer.from_pretrained(bert)(SHORT, return_tensors="pt")["input_ids"]
    flow = torch.eye(5)
    for weights in eager(input_ids=ids, output_attentions=True).attentions:
        flow = (weights.mean(1)[0] + torch.eye(5)) / 2 @ flow
    expected = flow[0, 1:4] / flow[0, 1:4].sum()
    found = explain(pipeline, [SHORT], method="rollout").importance[0]
    assert found == pytest.approx(expected.tolist(), rel=1e-4)


@pytest.mark.parametrize("method", ["integrated_gradients", "leave_one_out", "gradient_x_input"])
def test_post_hoc_methods_point_at_the_words_that_decide(bert: Path, method: str):
    rows = planted_sentiment(rows=24, seed=5)
    result = explain(outside(str(bert)), list(rows["text"]), method=method)
    hits = 0
    for units, scores, evidence in zip(result.units, result.importance, rows["evidence"], strict=True):
        strongest = max(range(len(scores)), key=lambda i: abs(scores[i]))
        hits += units[strongest].place in evidence
    # By chance about four would.
    assert hits >= 12


def test_a_language_model_tells_the_next_token(tmp_path: Path):
    folder = language_model(tmp_path, **GPT)
    network = transformers.AutoModelForCausalLM.from_pretrained(folder)
    read = transformers.AutoTokenizer.from_pretrained(folder)
    result = explain(outside(str(folder)), [SHORT, LONG], method="rollout")
    for text, answer in zip((SHORT, LONG), result.answers, strict=True):
        with torch.no_grad():
            expected = network(**{"input_ids": read(text, return_tensors="pt")["input_ids"]}).logits[0, -1].softmax(-1)
        assert answer.prediction == read.decode([int(expected.argmax())])
        assert answer.probability == pytest.approx(expected.max().item(), rel=1e-4)
        assert len(answer.probabilities) == 10
    assert [sum(scores) for scores in result.importance] == pytest.approx([1, 1])


def test_one_label_is_a_value(tmp_path: Path):
    folder = classifier(tmp_path, "Bert", **SMALL, num_labels=1)
    answer = outside(str(folder)).predict([SHORT])[0]
    assert isinstance(answer.prediction, float)
    assert answer.probability is None


def test_several_labels_at_once(tmp_path: Path):
    folder = classifier(tmp_path, "Bert", **SMALL, problem_type="multi_label_classification")
    assert isinstance(outside(str(folder)).predict([SHORT])[0].prediction, tuple)


def test_what_is_no_classifier_is_named(tmp_path: Path):
    folder = classifier(tmp_path, "Bert", **SMALL)
    transformers.BertModel.from_pretrained(folder).save_pretrained(folder)
    with pytest.raises(NotAvailable, match=r"is BertModel, and gives no answer[\s\S]*sequence classification"):
        outside(str(folder))


def test_an_encoder_with_a_decoder_is_refused(tmp_path: Path):
    folder = classifier(
        tmp_path, "Bart", d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, num_labels=2,
    )  # fmt: skip
    with pytest.raises(NotAvailable, match=r"an encoder with a decoder[\s\S]*AttentionRecorder"):
        outside(str(folder))


def test_missing_weights_and_missing_models_are_errors(tmp_path: Path):
    with pytest.raises(ConfigError, match="there is no model"):
        outside(str(tmp_path))


def test_too_long_a_text_is_cut_as_the_tokens_are(bert: Path):
    pipeline = outside(str(bert))
    example = pipeline.encode([SHORT * 400])[0]["text"]
    assert len(example) == 512
    assert pipeline.predict([SHORT * 400])


def test_more_positions_than_the_model_has_are_an_error(gpt: Path):
    pipeline = outside(str(gpt))
    pipeline.modalities["text"].max_tokens = 100
    with pytest.raises(DataError, match="reads at most 64 tokens, got 100"):
        pipeline.predict(["film " * 100])


def test_it_cannot_be_saved_as_ours(bert: Path, tmp_path: Path):
    with pytest.raises(NotAvailable, match="trained elsewhere"):
        outside(str(bert)).save(tmp_path / "model")


class TestTheCommand:
    def test_one_text_is_explained_on_the_terminal(self, bert: Path, capsys: pytest.CaptureFixture[str]):
        assert main(["explain", "--model", str(bert), "--text", LONG]) == 0
        said = capsys.readouterr().out
        assert "negative" in said
        assert "dreadful" in said

    def test_a_file_gets_a_page_with_a_proof(self, bert: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        planted_sentiment(rows=30, seed=7)[["text"]].to_csv(tmp_path / "new.csv", index=False)
        page, lines = tmp_path / "page.html", tmp_path / "lines.csv"
        words = ["explain", str(tmp_path / "new.csv"), "--model", str(bert), "--rows", "0"]
        assert main([*words, "--report", str(page), "--out", str(lines), "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"rows": 30, "out": str(lines), "report": str(page)}
        text = page.read_text(encoding="utf-8")
        assert "attention rollout" in text
        assert "integrated gradients" in text
        assert "30 rows explained by attention rollout." in text

    def test_a_run_and_a_model_are_one_too_many(self, bert: Path, capsys: pytest.CaptureFixture[str]):
        assert main(["explain", "run", "data.csv", "--model", str(bert)]) == 2
        assert "both given" in capsys.readouterr().err

    def test_neither_a_run_nor_a_model_is_an_error(self, capsys: pytest.CaptureFixture[str]):
        assert main(["explain", "--text", "x"]) == 2
        assert "no model was named" in capsys.readouterr().err
