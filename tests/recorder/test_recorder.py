"""The recorder itself: what is chosen and kept, what flows through layers, and that a model is left as it was."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.recorder import AttentionRecorder
from tests.recorder.architectures import ARCHITECTURES, BATCH, LLAMA, TARGETS, TOKENS, mask, model, text

HEADS, LAYERS = 3, 2


@pytest.fixture
def bert() -> Any:
    return ARCHITECTURES["Bert"].make()


@pytest.fixture
def t5() -> Any:
    return ARCHITECTURES["T5"].make()


def record(model: nn.Module, inputs: dict[str, Tensor], **options: Any) -> AttentionRecorder:
    with torch.no_grad(), AttentionRecorder(model, **options) as recorder:
        model(**inputs)
    return recorder


def test_layers_are_chosen_by_number_or_by_path(t5: Any) -> None:
    inputs = ARCHITECTURES["T5"].inputs("right")
    names = [each.name for each in record(t5, inputs, layers=[1]).records]
    assert names == [
        "encoder.block.1.layer.0.SelfAttention",
        "decoder.block.1.layer.0.SelfAttention",
        "decoder.block.1.layer.1.EncDecAttention",
    ]
    names = [each.name for each in record(t5, inputs, layers=["decoder.block.0"]).records]
    assert names == ["decoder.block.0.layer.0.SelfAttention", "decoder.block.0.layer.1.EncDecAttention"]


@pytest.mark.parametrize(
    ("kind", "kinds"),
    [("encoder", {"encoder"}), ("decoder", {"decoder"}), ("self", {"encoder", "decoder"}), ("cross", {"cross"})],
)
def test_a_kind_is_chosen(t5: Any, kind: str, kinds: set[str]) -> None:
    recorder = record(t5, ARCHITECTURES["T5"].inputs("none"), kind=kind)
    assert {each.kind for each in recorder.records} == kinds
    assert len(recorder.records) == LAYERS * len(kinds)


def test_heads_are_chosen_under_shared_keys() -> None:
    llama, inputs = ARCHITECTURES["Llama"].make(), text("left")
    every, some = record(llama, inputs), record(llama, inputs, heads=[5, 2])
    for whole, part in zip(every.records, some.records, strict=True):
        assert part.shape == (BATCH, 2, TOKENS, TOKENS)
        torch.testing.assert_close(part.weights(), whole.weights()[:, [5, 2]])
        torch.testing.assert_close(part.received(), whole.received()[:, [5, 2]])


def test_heads_are_chosen_under_a_position_bias(t5: Any) -> None:
    inputs = ARCHITECTURES["T5"].inputs("right")
    every, some = record(t5, inputs), record(t5, inputs, heads=[2])
    for whole, part in zip(every.records, some.records, strict=True):
        torch.testing.assert_close(part.weights(), whole.weights()[:, [2]])


@pytest.mark.parametrize("statistics", [("received", "entropy"), ("received",), ("entropy",)])
def test_statistics_are_what_the_whole_record_tells(bert: Any, statistics: tuple[str, ...]) -> None:
    inputs = text("right")
    whole, told = record(bert, inputs), record(bert, inputs, keep="statistics", statistics=statistics)
    for name in statistics:
        for expected, found in zip(getattr(whole, name), getattr(told, name), strict=True):
            torch.testing.assert_close(found, expected)


def test_statistics_keep_no_query_and_no_key(bert: Any) -> None:
    for each in record(bert, text("right"), keep="statistics").records:
        held = [value for value in vars(each).values() if isinstance(value, Tensor)]
        assert sum(value.numel() for value in held) <= BATCH * (2 * HEADS + 3) * TOKENS
        assert all(value._base is None or value._base.numel() <= BATCH * HEADS * TOKENS for value in held)


def test_what_statistics_cannot_tell_raises(bert: Any) -> None:
    recorder = record(bert, text("none"), keep="statistics", statistics=["received"])
    one = recorder.records[0]
    for ask in (one.entropy, one.weights, lambda: one.top(2), lambda: one.received(torch.ones(BATCH, TOKENS))):
        with pytest.raises(NotAvailable, match=r'is not among them\n  where: encoder.layer.0.*\n.*keep="qk"'):
            ask()
    with pytest.raises(NotAvailable, match="of 2 layers of self-attention, 0 were recorded with query and key"):
        recorder.rollout()


@pytest.mark.parametrize("keep", ["qk", "statistics"])
def test_query_weights_count_instead_of_the_mean(bert: Any, keep: str) -> None:
    weights = torch.rand(BATCH, TOKENS)
    inputs = text("left")
    found, whole = record(bert, inputs, keep=keep, query_weights=weights), record(bert, inputs)
    for one, received in zip(whole.records, found.received, strict=True):
        expected = torch.einsum("bhts,bt->bhs", one.weights(), weights * mask("left"))
        torch.testing.assert_close(received, expected)


def test_query_weights_of_the_wrong_size_say_what_fits(t5: Any) -> None:
    inputs = ARCHITECTURES["T5"].inputs("none")
    recorder = record(t5, inputs, query_weights=torch.ones(TOKENS))
    with pytest.raises(ConfigError, match=rf"\({TARGETS},\) or \({BATCH}, {TARGETS}\), got \({TOKENS},\)"):
        _ = recorder.received
    recorder = record(t5, inputs, kind="encoder", query_weights=torch.ones(TOKENS))
    assert len(recorder.received) == LAYERS


def test_a_recorder_counts_forward_passes_and_forgets(bert: Any) -> None:
    with torch.no_grad(), AttentionRecorder(bert) as recorder:
        bert(**text("none"))
        bert(**text("left"))
        assert [[each.step for each in step] for step in recorder.steps] == [[0, 0], [1, 1]]
        recorder.clear()
        bert(**text("none"))
        assert [each.step for each in recorder.records] == [0, 0]


def test_a_model_that_runs_one_module_twice_counts_both() -> None:
    albert = ARCHITECTURES["Albert"].make()
    records = record(albert, text("none")).records
    assert len(records) == 2
    assert records[0].name == records[1].name
    assert [each.name for each in record(albert, text("none"), layers=[1]).records] == [records[1].name]


def test_the_model_is_left_as_it_was_also_after_an_error(bert: Any) -> None:
    before = [(name, len(each._forward_hooks) + len(each._forward_pre_hooks)) for name, each in bert.named_modules()]
    with pytest.raises(TypeError, match="unhashable"), AttentionRecorder(bert):
        _interrupted(bert)
    assert bert.config._attn_implementation == "sdpa"
    assert before == [
        (name, len(each._forward_hooks) + len(each._forward_pre_hooks)) for name, each in bert.named_modules()
    ]
    with AttentionRecorder(bert) as recorder:
        bert(**text("none"))
    assert len(recorder.records) == LAYERS


def test_parts_of_a_model_return_to_their_own_attention() -> None:
    clip = ARCHITECTURES["CLIP"].make()
    clip.vision_model.set_attn_implementation("eager")
    inputs = ARCHITECTURES["CLIP"].inputs("none")
    record(clip, inputs)
    assert clip.text_model.config._attn_implementation == "sdpa"
    assert clip.vision_model.config._attn_implementation == "eager"


def test_one_model_has_one_recorder_at_a_time(bert: Any) -> None:
    with AttentionRecorder(bert, layers=[0]) as outer:
        with pytest.raises(ConfigError, match="is being recorded already"), AttentionRecorder(bert):
            pass
        with pytest.raises(ConfigError, match="the recorder is in use already"):
            outer.__enter__()
        bert(**text("none"))
    assert len(outer.records) == 1


def test_another_model_of_the_same_config_is_not_heard(bert: Any) -> None:
    twin = type(bert)(bert.config).eval()
    inputs = text("right")
    with torch.no_grad():
        before = twin(**inputs).last_hidden_state
        with AttentionRecorder(bert) as recorder:
            beside = twin(**inputs).last_hidden_state
            bert(**inputs)
    assert len(recorder.records) == LAYERS
    real = mask("right").bool()
    torch.testing.assert_close(beside[real], before[real])


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_precisions_are_told_in_at_least_32_bits(bert: Any, dtype: torch.dtype) -> None:
    recorder = record(bert.to(dtype), text("right"))
    one = recorder.records[0]
    assert one.received().dtype == torch.promote_types(dtype, torch.float32)
    torch.testing.assert_close(one.received().sum(-1), torch.ones(BATCH, HEADS).to(one.received()))
    dense = torch.einsum("bhts,bt->bhs", one.weights(), one.uniform(one.weights().dtype))
    torch.testing.assert_close(one.received(), dense)


def test_what_was_received_teaches_the_model(bert: Any) -> None:
    """Gradients of received attention and entropy are those of the dense weights."""
    bert, inputs = bert.double(), text("right")
    target = torch.rand(BATCH, HEADS, TOKENS).double()
    with AttentionRecorder(bert) as recorder:
        bert(**inputs)
    (sum((each * target).sum() for each in recorder.received) + recorder.entropy[1].sum()).backward()
    found = {name: each.grad.clone() for name, each in bert.named_parameters() if each.grad is not None}
    bert.zero_grad()
    bert.set_attn_implementation("eager")
    real = mask("right").double()
    share = real / real.sum(1, keepdim=True)
    dense = [each * real[:, None, :, None] for each in bert(**inputs, output_attentions=True).attentions]
    entropy = -(dense[1] * dense[1].clamp(min=1e-30).log()).sum()
    (sum((torch.einsum("bhts,bt->bhs", each, share) * target).sum() for each in dense) + entropy).backward()
    expected = {name: each.grad for name, each in bert.named_parameters() if each.grad is not None}
    assert "encoder.layer.1.attention.self.query.weight" in found
    for name, each in found.items():
        torch.testing.assert_close(each, expected[name], rtol=1e-9, atol=1e-12)


def test_rollout_is_the_product_of_eager_attention(bert: Any) -> None:
    inputs = text("left")
    recorder = record(bert, inputs)
    with torch.no_grad():
        bert.set_attn_implementation("eager")
        attentions = bert(**inputs, output_attentions=True).attentions
    rolled = torch.eye(TOKENS).expand(BATCH, -1, -1)
    for each in attentions:
        rolled = (0.5 * torch.eye(TOKENS) + 0.5 * each.mean(1)) @ rolled
    torch.testing.assert_close(recorder.rollout(), rolled[:, -1:], rtol=0, atol=1e-6)
    first = torch.tensor([0, 3, 4])
    torch.testing.assert_close(recorder.rollout(0)[:, 0], rolled[range(BATCH), first], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["Bert", "Llama"])
def test_relevance_is_that_of_dense_gradients(name: str) -> None:
    """Chefer et al., equations 5 and 6, with the gradients of eager attention."""
    made, inputs = ARCHITECTURES[name].make(), text("left")
    with AttentionRecorder(made) as recorder:
        score = made(**inputs).last_hidden_state[:, -1, 2].sum()
    found = recorder.relevance(score)
    assert all(each.grad is None for each in made.parameters())
    made.set_attn_implementation("eager")
    out = made(**inputs, output_attentions=True)
    grads = torch.autograd.grad(out.last_hidden_state[:, -1, 2].sum(), out.attentions)
    relevance = torch.eye(TOKENS).expand(BATCH, -1, -1)
    for weights, grad in zip(out.attentions, grads, strict=True):
        relevance = relevance + (weights * grad).clamp(min=0).mean(1) @ relevance
    expected = relevance[:, -1:].detach()
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=float(1e-5 * expected.abs().max()))


def test_relevance_of_some_heads_is_told() -> None:
    llama, inputs = ARCHITECTURES["Llama"].make(), text("none")
    found = []
    for heads in ([0, 1, 2, 3, 4, 5], None):
        with AttentionRecorder(llama, heads=heads) as recorder:
            score = llama(**inputs).last_hidden_state[:, -1, 2].sum()
        found.append(recorder.relevance(score))
    torch.testing.assert_close(*found)


def test_flow_needs_one_stack_of_layers(t5: Any) -> None:
    recorder = record(t5, ARCHITECTURES["T5"].inputs("none"))
    assert recorder.rollout(under="decoder").shape == (BATCH, 1, TARGETS)
    assert recorder.rollout(under="encoder").shape == (BATCH, 1, TOKENS)
    with pytest.raises(DataError):
        recorder.rollout()
    with pytest.raises(NotAvailable, match=r"of 0 layers of self-attention.*\n  where: .*layers under 'encode'"):
        recorder.rollout(under="encode")


def test_flow_through_some_of_the_layers_is_refused(bert: Any) -> None:
    recorder = record(bert, text("none"), layers=[1])
    with pytest.raises(
        NotAvailable, match=r"of 2 layers of self-attention, 1 were recorded.*\n.*\n.*all of its layers"
    ):
        recorder.rollout()


def test_relevance_without_gradients_says_how_to_get_them(bert: Any) -> None:
    recorder = record(bert, text("none"))
    with pytest.raises(NotAvailable, match=r"gradients that lead from it to every layer\n.*\n.*torch.no_grad\(\)"):
        recorder.relevance(torch.zeros((), requires_grad=True))


def test_wrong_options_say_what_is_known(bert: Any) -> None:
    with pytest.raises(ConfigError, match="there is no 'crossed'\n  where: kind\n  to do: did you mean 'cross'"):
        AttentionRecorder(bert, kind="crossed")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="there is no 'kv'\n  where: keep"):
        AttentionRecorder(bert, keep="kv")  # type: ignore[arg-type]
    with pytest.raises(
        ConfigError, match="there is no 'entropi'\n  where: statistics\n  to do: did you mean 'entropy'"
    ):
        AttentionRecorder(bert, statistics=["entropi"])  # type: ignore[list-item]
    for options in ({"layers": [-1]}, {"heads": [-1]}):
        with pytest.raises(ConfigError, match="expected a number from 0, got -1"):
            AttentionRecorder(bert, **options)


def test_what_did_not_run_is_named(bert: Any) -> None:
    with pytest.raises(NotAvailable, match=r"no layer 7, 'encoder.layer.9' ran\n.*\n.*did you mean"):
        record(bert, text("none"), layers=[0, 7, "encoder.layer.9"])
    with pytest.raises(NotAvailable, match=r"no attention of kind 'cross' ran\n.*\n  to do: this model has: encoder"):
        record(bert, text("none"), kind="cross")
    with pytest.raises(ConfigError, match=r"there is no head 3 among 3\n  where: encoder.layer.0"):
        record(bert, text("none"), heads=[3])


def test_nothing_recorded_raises_on_leaving_and_on_asking(bert: Any) -> None:
    recorder = AttentionRecorder(bert)
    with pytest.raises(NotAvailable, match="nothing was recorded\n  where: BertModel"):
        _ = recorder.received
    with pytest.raises(NotAvailable, match="no call of attention was recorded"), recorder:
        pass


@pytest.mark.slow
def test_a_compiled_model_is_refused(bert: Any) -> None:
    with pytest.raises(ConfigError, match="a compiled model does not call"), AttentionRecorder(torch.compile(bert)):
        pass


def test_a_model_within_a_module_is_reached() -> None:
    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = ARCHITECTURES["Bert"].make()
            self.top = nn.TransformerEncoderLayer(12, 2, 13, batch_first=True)

        def forward(self, **inputs: Tensor) -> Tensor:
            return self.top(self.body(**inputs).last_hidden_state)

    records = record(Wrapped().eval(), text("none")).records
    names = [f"body.encoder.layer.{layer}.attention.self" for layer in range(LAYERS)]
    assert [each.name for each in records] == [*names, "top.self_attn"]


def test_long_sequences_need_no_matrix() -> None:
    """4,099 tokens, padded on the left and causal: a mask of all pairs would hold 17 million numbers."""
    size = 4099
    llama = model("LlamaModel", **{**LLAMA, "num_hidden_layers": 1, "max_position_embeddings": size})()
    real = torch.ones(1, size, dtype=torch.long)
    real[:, :100] = 0
    largest = _largest_tensor(lambda: record(llama, {"input_ids": torch.full((1, size), 5), "attention_mask": real}))
    assert largest < size * size / 4


def _interrupted(bert: Any) -> None:
    assert bert.config._attn_implementation == "salience"
    bert(**text("none"))
    hash([])


def _largest_tensor(work: Any) -> int:
    from torch.utils._python_dispatch import TorchDispatchMode

    class Watch(TorchDispatchMode):
        largest = 0

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = func(*args, **(kwargs or {}))
            for each in result if isinstance(result, tuple) else (result,):
                if isinstance(each, Tensor):
                    self.largest = max(self.largest, each.untyped_storage().nbytes() // each.element_size())
            return result

    with Watch() as watch:
        work()
    return watch.largest
