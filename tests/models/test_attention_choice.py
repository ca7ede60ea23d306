"""One word, `attention`, chooses how positions look at each other, whatever the data; what does not suit says why."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import salience.attention as mechanisms
from salience.core.batch import Batch, Layout, Stream
from salience.core.errors import ConfigError
from salience.models import Model, assemble, build_pool
from salience.models.encoders import Transformer

WIDTH, S = 12, 7
FREE = [name for name in mechanisms.__all__ if not getattr(getattr(mechanisms, name), "needs", ())]


class Stem(nn.Embedding):
    def forward(self, stream: Stream) -> Tensor:
        return super().forward(stream.values)


def make(gives: tuple[str, ...] = (), **options: object) -> Model:
    torch.manual_seed(0)
    return assemble(
        {"x": lambda width: Stem(13, width)}, lambda width: nn.Linear(width, 2), {"x": gives}, width=WIDTH, **options
    )


def batch() -> Batch:
    return Batch({"x": Stream(torch.randint(13, (3, S)), Layout(torch.tensor([7, 1, 4]), S))})


@pytest.mark.parametrize("name", FREE)
def test_every_mechanism_without_needs_reads_a_sequence(name: str):
    model = make(attention=name).eval()
    output = model(batch())
    records = output.records["x"]
    assert [type(layer.attention).__name__ for layer in model.encoders[0].layers] == [name] * 2
    assert [record.shape[2:] for record in records[:2]] == [(S, S)] * 2
    output.raw.sum().backward()
    assert all(each.grad is not None for each in model.encoders[0].parameters())


def test_attention_makes_the_encoder_a_transformer_and_nothing_else_does():
    assert isinstance(make(attention={"MultiHead": {"heads": 2}}).encoders[0], Transformer)
    assert not isinstance(make().encoders[0], Transformer)


def test_attention_and_an_encoder_go_together():
    encoder = make(encoder={"Transformer": {"layers": 3}}, attention="ScaledDot").encoders[0]
    assert [type(layer.attention).__name__ for layer in encoder.layers] == ["ScaledDot"] * 3


def test_an_encoder_without_attention_says_so():
    with pytest.raises(ConfigError, match=r"the positions of Convolution do not look at each other[\s\S]*Transformer"):
        make(encoder="Convolution", attention="Dot")


class Film(mechanisms.MultiHead):
    needs = ("grid", "times")


def test_a_mechanism_that_needs_what_the_data_lack_says_what():
    with pytest.raises(ConfigError, match=r"Film attention needs .* grid.* and a time for each[\s\S]*column 'x'"):
        make(attention="tests.models.test_attention_choice:Film")
    assert make(("grid", "times"), attention="tests.models.test_attention_choice:Film")


def test_a_mechanism_that_cannot_be_asked_is_no_pool():
    inner = [name for name in mechanisms.__all__ if getattr(getattr(mechanisms, name), "among_themselves", False)]
    for name in inner:
        with pytest.raises(ConfigError, match=rf"{name} mixes positions among themselves[\s\S]*`attention: {name}`"):
            build_pool(name, WIDTH)


def test_shared_layers_have_the_parameters_of_one():
    alone, shared = Transformer(WIDTH, layers=1), Transformer(WIDTH, layers=3, shared=True).eval()
    assert sum(map(Tensor.numel, shared.parameters())) == sum(map(Tensor.numel, alone.parameters()))
    shared.load_state_dict(alone.state_dict())
    values, layout = torch.randn(1, S, WIDTH), Layout(torch.tensor([S]), S)
    encoded = shared(values, layout)
    assert len(encoded.records) == 3
    entered = shared.entry(values)
    for _ in range(3):
        entered, _ = shared.layers[0](entered, layout)
    torch.testing.assert_close(encoded.values, shared.norm(entered))


def test_rotary_positions_need_heads_to_turn():
    with pytest.raises(ConfigError, match=r"Rotary positions turn heads, and Dot has none to turn[\s\S]*Sinusoidal"):
        Transformer(WIDTH, attention="Dot", positions="Rotary")
