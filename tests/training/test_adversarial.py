import pytest
import torch
from torch import nn

from salience.core.batch import Batch, Layout, Stream
from salience.core.errors import ConfigError, NotAvailable
from salience.models.model import Output
from salience.training import Side, TrainOptions, fit
from salience.training.adversarial import Adversarial, steps
from tests.training.train_once import make_pipeline, sides


class Linear(nn.Module):
    """raw = sum over positions of w x: everything about it can be computed by hand."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))

    def embed(self, batch):
        return {"x": batch.streams["x"].values}

    def read(self, embedded, batch):
        return Output((embedded["x"] @ self.weight).sum(1, keepdim=True), {})


def batch_of(values, target):
    layout = Layout(torch.tensor([values.shape[1]] * len(values)), values.shape[1])
    return Batch({"x": Stream(values, layout)}, torch.tensor(target))


def squared(raw, target):
    return ((raw[:, 0] - target) ** 2).mean()


def test_the_step_goes_along_the_gradient_and_is_as_long_as_told():
    # raw = 3 x1 + 4 x2 = 3, target 0: the gradient is 6 (3, 4), its direction (.6, .8), so that raw moves by 5 epsilon.
    output, loss = Adversarial(epsilon=0.1, weight=2.0)(
        Linear([3.0, 4.0]), batch_of(torch.tensor([[[1.0, 0.0]]]), [0.0]), squared
    )
    assert output.raw.item() == 3.0
    assert loss.item() == pytest.approx(9 + 2 * (3 + 5 * 0.1) ** 2)


def test_no_gradient_goes_through_the_direction():
    model = Linear([3.0, 4.0])
    _, loss = Adversarial(epsilon=0.1, weight=2.0)(model, batch_of(torch.tensor([[[1.0, 0.0]]]), [0.0]), squared)
    loss.backward()
    # d/dw [raw^2 + 2 (w (x + r))^2] with r = (.06, .08) held: 2 raw x + 4 * 3.5 (x + r).
    torch.testing.assert_close(model.weight.grad, torch.tensor([6 + 14 * 1.06, 14 * 0.08]))


def test_every_row_has_a_step_of_its_own_and_a_row_without_gradient_none():
    moved = steps([torch.tensor([[3.0, 0.0], [0.0, 0.0]]), torch.tensor([[[4.0]], [[0.0]]])], 2.0)
    assert [each.flatten(1).tolist() for each in moved] == [
        [[1.2000000476837158, 0.0], [0.0, 0.0]],
        [[1.600000023841858], [0.0]],
    ]


@pytest.mark.parametrize("at", ["pooled", "embedded"])
def test_a_trained_model_resists_a_step_better(at, tmp_path):
    losses = {}
    for name, adversarial in (("plain", None), ("hard", {"epsilon": 1.0, "weight": 1.0, "at": at})):
        pipeline = make_pipeline()
        train, validation = sides(pipeline)
        options = TrainOptions(epochs=4, learning_rate=0.01, patience=0, adversarial=adversarial)
        fit(pipeline, train, validation, options=options, folder=tmp_path / name)
        losses[name] = attacked(pipeline, validation, at)
    assert losses["hard"] < losses["plain"]


def attacked(pipeline, side: Side, at):
    """The loss of held-out rows after a step against them."""
    batch = pipeline.collate(side.examples, pipeline.task.encode(side.targets))
    _, both = Adversarial(epsilon=1.0, weight=1.0, at=at)(pipeline.model, batch, pipeline.task.loss)
    return both.item() - pipeline.task.loss(pipeline.model(batch).raw, batch.target).item()


def test_what_cannot_be_is_told():
    with pytest.raises(ConfigError, match="above 0"):
        TrainOptions(adversarial={"epsilon": 0.0})
    with pytest.raises(ConfigError, match="no place 'heads'"):
        TrainOptions(adversarial={"at": "heads"})
    with pytest.raises(ConfigError, match="epsilom"):
        TrainOptions(adversarial={"epsilom": 1.0})
    with pytest.raises(NotAvailable, match="no pools"):
        Adversarial(at="pooled")(Linear([3.0, 4.0]), batch_of(torch.ones(1, 1, 2), [0.0]), squared)
