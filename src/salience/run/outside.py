"""A model of Hugging Face that was trained elsewhere, as a pipeline: it predicts, explains and is put to the proof."""

from __future__ import annotations

from typing import Any, cast

from salience.core.errors import NotAvailable
from salience.data.modalities import Text
from salience.data.tokens import Pretrained
from salience.models.hugging_face import configuration, incomplete, longest, read
from salience.models.outside import Outside
from salience.pipeline import Pipeline
from salience.tasks import Classification, MultiLabel, Regression, Task
from salience.tasks.next_token import NextToken

#: Tokens read of a text where the model itself has no limit.
MOST = 512


def outside(name: str, *, column: str = "text", download: bool = False) -> Pipeline:
    """The pipeline of a classifier, a regression or a causal language model of Hugging Face.

    Args:
        name: a folder with the model's and the tokenizer's files, or its name on the Hugging Face hub.
        column: the name of the column it reads.
        download: fetch it from the hub if it is not on this machine.

    Raises:
        ConfigError: there is no such model or tokenizer, or files are broken or incomplete.
        NotAvailable: the model does something else, or its attention cannot be recorded.
        MissingPackage: transformers is not installed.
    """
    config = configuration(name, download=download)
    network, missing = read(_kind(name, config), name, download=download)
    if missing:
        raise incomplete(name, missing)
    text = {"tokens": {"Pretrained": {"name": name, "download": download}}, "max_tokens": longest(network) or MOST}
    pipeline = Pipeline({column: {"Text": text}}, "Classification")
    pipeline.modalities[column].fit([])
    pipeline.task = _task(network, pipeline)
    pipeline.model = Outside(network, column)
    return pipeline


def _kind(name: str, config: Any) -> str:
    """The class of transformers that reads the model with its head."""
    made = (config.architectures or ["a model without a head"])[0]
    if made.endswith("ForSequenceClassification"):
        return "AutoModelForSequenceClassification"
    if made.endswith(("ForCausalLM", "LMHeadModel")):
        return "AutoModelForCausalLM"
    raise NotAvailable(
        f"'{name}' is {made}, and gives no answer to a text that could be explained",
        fix="choose a model for sequence classification or a causal language model; to use it as the encoder of a "
        "model of your own: model.encoder={Pretrained: {name: ...}}",
    )


def _task(network: Any, pipeline: Pipeline) -> Task:
    config = network.config
    if network.get_output_embeddings() is not None:
        (text,) = pipeline.modalities.values()
        tokens = cast(Pretrained, cast(Text, text).tokens)
        return NextToken(config.vocab_size, tokens.text_of)
    if config.num_labels == 1 or config.problem_type == "regression":
        return Regression().restore({"mean": 0.0, "deviation": 1.0})
    labels = [str(config.id2label[number]) for number in range(config.num_labels)]
    task = MultiLabel() if config.problem_type == "multi_label_classification" else Classification()
    return task.restore({"labels": labels, "weights": [1.0] * len(labels), "temperature": 1.0})
