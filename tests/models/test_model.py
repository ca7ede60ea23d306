"""A model joins columns, keeps their records, and can be read from embeddings."""

import pytest
import torch
from torch import nn

from salience.core.batch import Batch, Layout, Stream
from salience.core.errors import ConfigError, DataError
from salience.core.record import Attention, Dense
from salience.models import AttentionPool, Model, Pool, assemble, build_pool
from salience.models.encoders import Identity
from salience.models.pools import Mean

COLUMNS = ("a.b", "评论", "")


class Stem(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.table = nn.Embedding(13, width)

    def forward(self, stream: Stream) -> torch.Tensor:
        return self.table(stream.values)


class OwnStem(nn.Module):
    """An encoder that reads in its own way, and is wider than asked."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width + 3
        self.stem = Stem(self.width)
        self.rest = Identity(self.width)

    def forward(self, values: torch.Tensor, layout: Layout) -> object:
        return self.rest(values, layout)


def make_batch() -> Batch:
    generator = torch.Generator().manual_seed(0)
    lengths = torch.tensor([3, 7, 0, 1, 5])
    streams = {
        column: Stream(torch.randint(13, (5, 7 + place), generator=generator), Layout(lengths, 7 + place))
        for place, column in enumerate(COLUMNS)
    }
    return Batch(streams)


def make_model(**options: object) -> Model:
    torch.manual_seed(0)
    return assemble(
        dict.fromkeys(COLUMNS, Stem),
        lambda width: nn.Linear(width, 2),
        dict.fromkeys(COLUMNS, ()),
        width=8,
        **{"pool": "Mean", **options},
    )


def test_one_column_by_hand() -> None:
    stem = Stem(2)
    stem.table.weight.data[:3] = torch.tensor([[1.0, 0.0], [3.0, 4.0], [100.0, 100.0]])
    model = Model({"x": stem}, {"x": Identity(2)}, {"x": Mean(2)}, nn.Identity()).eval()
    output = model(Batch({"x": Stream(torch.tensor([[0, 1, 2]]), Layout(torch.tensor([2]), 3))}))
    assert output.raw.tolist() == [[2.0, 2.0]]
    assert output.records["x"][-1].weights().tolist() == [[[[0.5, 0.5, 0.0]]]]


def test_columns_with_any_name_stay_in_order() -> None:
    model, batch = make_model().eval(), make_batch()
    output = model(batch)
    assert model.columns == COLUMNS
    assert output.raw.shape == (5, 2)
    assert [record[-1].shape[-1] for record in output.records.values()] == [7, 8, 9]


def test_forward_is_reading_the_embeddings() -> None:
    model, batch = make_model().eval(), make_batch()
    assert torch.equal(model(batch).raw, model.read(model.embed(batch), batch).raw)


def test_embeddings_have_gradients() -> None:
    model, batch = make_model().eval(), make_batch()
    embedded = model.embed(batch)
    gradients = torch.autograd.grad(model.read(embedded, batch).raw[:, 0].sum(), list(embedded.values()))
    for gradient, stream in zip(gradients, batch.streams.values(), strict=True):
        assert gradient[stream.layout.mask].abs().sum() > 0
        assert gradient[~stream.layout.mask].abs().sum() == 0


def test_every_parameter_learns() -> None:
    model = make_model()
    model(make_batch()).raw.sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_empty_rows_give_a_finite_answer() -> None:
    output = make_model().eval()(make_batch())
    assert output.raw.isfinite().all()
    assert output.records[COLUMNS[0]][-1].weights()[2].sum() == 0


def test_state_returns() -> None:
    model, other, batch = make_model().eval(), make_model(encoder="Convolution").eval(), make_batch()
    for parameter in other.parameters():
        nn.init.zeros_(parameter)
    other.load_state_dict(model.state_dict())
    assert torch.equal(other(batch).raw, model(batch).raw)


def test_dropout_is_for_training_only() -> None:
    model, batch = make_model(dropout=0.5), make_batch()
    assert not torch.equal(model(batch).raw, model(batch).raw)
    model.eval()
    assert torch.equal(model(batch).raw, model(batch).raw)


def test_an_encoder_may_bring_its_own_stem() -> None:
    model = make_model(encoder=f"{__name__}:OwnStem").eval()
    assert model(make_batch()).raw.shape == (5, 2)
    assert model.embed(make_batch())["a.b"].shape == (5, 7, 11)
    assert not any(key.startswith("stems") for key in model.state_dict())


class Last(Pool):
    """A pool that somebody else wrote."""

    def forward(self, values: torch.Tensor, layout: Layout) -> tuple[torch.Tensor, Attention]:
        weights = nn.functional.one_hot((layout.lengths - 1).clamp(min=0), layout.size) * layout.mask
        return (weights[..., None] * values).sum(1), Dense(weights[:, None, None].to(values.dtype), weights.sum(-1))


def test_a_pool_of_a_third_party_is_taken_as_it_is() -> None:
    assert isinstance(build_pool(f"{__name__}:Last", 5), Last)


def test_a_mechanism_gets_a_learned_query() -> None:
    pool = build_pool({"Additive": {"hidden": 3}}, 5)
    assert isinstance(pool, AttentionPool)
    assert next(name for name, _ in pool.named_parameters()) == "query"


def test_a_missing_column_is_named() -> None:
    batch = make_batch()
    with pytest.raises(DataError, match="the batch lacks 评论"):
        make_model()(Batch({column: stream for column, stream in batch.streams.items() if column != "评论"}))


def test_a_wrong_name_is_answered_with_the_right_one() -> None:
    with pytest.raises(ConfigError, match="did you mean 'Convolution'"):
        make_model(encoder="Convolutoin")
    with pytest.raises(ConfigError, match="did you mean 'Additive'"):
        make_model(pool="Aditive")
    with pytest.raises(ConfigError, match=r"unknown options of Additive: 'hiden' \(did you mean 'hidden'"):
        make_model(pool={"Additive": {"hiden": 3}})


@pytest.mark.parametrize("wrong", [{"width": 0}, {"width": -3}, {"dropout": -0.1}, {"dropout": 1.0}])
def test_numbers_outside_their_range_are_refused(wrong):
    with pytest.raises(ConfigError, match="width must be at least 1"):
        assemble({}, nn.Linear, {}, **wrong)


def test_each_column_may_have_an_encoder_and_a_pool_of_its_own() -> None:
    choices = {"a": "FeedForward", "b": {"Transformer": {"layers": 1, "positions": None}}}
    stems = dict.fromkeys("ab", nn.Identity)
    model = assemble(stems, lambda width: nn.Linear(width, 2), dict.fromkeys("ab", ()), width=4, encoder=choices)
    assert [type(each).__name__ for each in model.encoders] == ["FeedForward", "Transformer"]
    with pytest.raises(ConfigError, match="one name with its options"):
        assemble(stems, lambda width: nn.Linear(width, 2), {}, width=4, encoder={**choices, "c": "Identity"})
    looks = {"a": "Mean", "b": "ThenFeedForward"}
    model = assemble(stems, lambda width: nn.Linear(width, 2), dict.fromkeys("ab", ()), width=4, pool=looks)
    assert [type(each).__name__ for each in model.pools] == ["Mean", "ThenFeedForward"]
    # A column may have the name of an encoder, and that is then the choice for it.
    one = assemble(
        {"Identity": nn.Identity},
        lambda width: nn.Linear(width, 2),
        {"Identity": ()},
        width=4,
        encoder={"Identity": {}},
    )
    assert type(one.encoders[0]).__name__ == "Identity"
