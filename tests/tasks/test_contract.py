"""What every task keeps: shapes, gradients, answers that agree with each other, and a state that is all there is."""

import json

import pytest
import torch
from torch import Tensor

from salience import tasks
from salience.core.errors import DataError
from salience.evaluation.scores import task_scores
from salience.tasks import Answer, Task
from tests.tasks import template
from tests.tasks.cases import CASES, Case

WIDTH, N = 5, 7


@pytest.fixture(params=(*CASES, template.filled_in()), ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


@pytest.fixture
def task(case: Case) -> Task:
    return fitted(case)


@pytest.fixture
def raw(case: Case) -> Tensor:
    return some(case, N)


def fitted(case: Case) -> Task:
    return case.make().fit(case.targets)


def some(case: Case, rows: int) -> Tensor:
    """Raw numbers such as a model may give."""
    generator = torch.Generator().manual_seed(11)
    return 3 * torch.randn(rows, case.num_outputs, generator=generator)


#: Tasks whose targets are views of something larger; their own files test what the contract asks.
VIEWS = {"Forecast"}


def test_every_task_has_a_row() -> None:
    assert {case.name.split()[0] for case in CASES} | VIEWS == set(tasks.__all__)


def test_fit_returns_the_task_itself(case: Case) -> None:
    made = case.make()
    assert made.fit(case.targets) is made


def test_the_head_gives_one_number_per_output_and_learns_everywhere(case: Case, task: Task) -> None:
    head = task.head(WIDTH)
    given = head(torch.randn(N, WIDTH))
    assert given.shape == (N, case.num_outputs)
    task.loss(given, task.encode(case.targets)).backward()
    for parameter in head.parameters():
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()


@pytest.mark.parametrize("scale", [0.0, 1.0, 50.0])
def test_the_loss_is_one_finite_number_with_a_finite_gradient(case: Case, task: Task, scale: float) -> None:
    raw = (scale * some(case, N)).requires_grad_()
    loss = task.loss(raw, task.encode(case.targets))
    (slope,) = torch.autograd.grad(loss, raw)
    assert loss.shape == ()
    assert loss.isfinite()
    assert slope.isfinite().all()
    assert slope.any()


def test_the_loss_does_not_depend_on_the_order_of_rows(case: Case, task: Task, raw: Tensor) -> None:
    target, order = task.encode(case.targets), torch.tensor([3, 0, 6, 1, 5, 2, 4])
    torch.testing.assert_close(task.loss(raw[order], target[order]), task.loss(raw, target))


def test_what_makes_the_loss_small_is_decoded_to_the_targets(case: Case, task: Task) -> None:
    raw = torch.zeros(N, case.num_outputs, requires_grad=True)
    target = task.encode(case.targets)
    optimizer = torch.optim.Adam([raw], lr=0.3)
    for _ in range(300):
        optimizer.zero_grad()
        task.loss(raw, target).backward()
        optimizer.step()
    answers = [answer.prediction for answer in task.decode(raw.detach())]
    if case.is_value:
        assert answers == pytest.approx([getattr(each, "value", each) for each in case.targets], abs=0.05)
    else:
        assert answers == [each if isinstance(each, str) else tuple(each) for each in case.targets]


def test_answers_agree_with_probabilities(case: Case, task: Task, raw: Tensor) -> None:
    probabilities = task.probabilities(raw)
    answers = task.decode(raw)
    assert probabilities.shape == (N, case.num_outputs)
    assert probabilities.isfinite().all()
    assert [type(answer) for answer in answers] == [Answer] * N
    for answer, row in zip(answers, probabilities.tolist(), strict=True):
        if case.is_value:
            assert answer.probability is None
            assert answer.probabilities == {}
            assert answer.prediction == pytest.approx(row[0], rel=1e-6)
        else:
            assert list(answer.probabilities.values()) == pytest.approx(row)
            assert all(0 <= each <= 1 for each in row)
            assert 0 <= answer.probability <= 1


def test_several_models_answer_with_the_mean_of_their_probabilities(case: Case, task: Task) -> None:
    if not hasattr(task, "average"):
        pytest.skip(f"{case.name} answers with one model only")
    # Far apart, so that some probabilities round to 0 and 1.
    raws = torch.stack([some(case, N), -2 * some(case, N), 40 * some(case, N).flip(0)])
    average = task.average(raws)
    assert average.isfinite().all()
    torch.testing.assert_close(
        task.probabilities(average), torch.stack([task.probabilities(each) for each in raws]).mean(0)
    )
    torch.testing.assert_close(task.probabilities(task.average(raws[:1])), task.probabilities(raws[0]))


def test_the_choice_is_what_is_answered(case: Case, task: Task, raw: Tensor) -> None:
    chosen, answers = task.choose(raw), task.decode(raw)
    assert len(chosen) == N
    for i in range(N):
        same = [j for j in range(N) if torch.equal(chosen[i], chosen[j])]
        if not case.is_value:
            assert {str(answers[j].prediction) for j in same} == {str(answers[i].prediction)}


def test_the_focus_is_one_number_per_row_of_the_choice_by_default(case: Case, task: Task, raw: Tensor) -> None:
    focus = task.focus(raw)
    assert focus.shape == (N,)
    assert focus.isfinite().all()
    torch.testing.assert_close(focus, task.focus(raw, task.choose(raw)), rtol=0, atol=0)


def test_no_other_choice_has_a_higher_focus(case: Case, task: Task, raw: Tensor) -> None:
    own = task.focus(raw)
    for other in task.choose(raw):
        assert (task.focus(raw, other.expand(N, *other.shape).clone()) <= own + 1e-6).all()


def test_the_focus_has_a_finite_gradient_in_its_own_row_only(case: Case, task: Task) -> None:
    raw = some(case, N).requires_grad_()
    (slope,) = torch.autograd.grad(task.focus(raw)[2], raw)
    assert slope.isfinite().all()
    assert slope[2].any()
    assert not torch.cat([slope[:2], slope[3:]]).any()


def test_rows_do_not_influence_each_other(case: Case, task: Task, raw: Tensor) -> None:
    part = raw[2:5]
    torch.testing.assert_close(task.probabilities(part), task.probabilities(raw)[2:5])
    torch.testing.assert_close(task.focus(part), task.focus(raw)[2:5])
    assert [each.prediction for each in task.decode(part)] == [each.prediction for each in task.decode(raw)][2:5]


def test_no_rows_have_no_answers(case: Case, task: Task) -> None:
    none = torch.empty(0, case.num_outputs)
    assert task.decode(none) == []
    assert task.focus(none).shape == (0,)


def test_calibration_changes_no_answer(case: Case, task: Task, raw: Tensor) -> None:
    before = [answer.prediction for answer in task.decode(raw)]
    task.calibrate(raw, task.encode(case.targets))
    assert [answer.prediction for answer in task.decode(raw)] == before
    assert task.probabilities(raw).isfinite().all()


def test_a_wrong_target_is_refused_with_its_row(case: Case, task: Task) -> None:
    for wrong in case.wrong:
        with pytest.raises(DataError) as caught:
            task.encode([case.targets[0], wrong])
        assert "row 2" in str(caught.value)


def test_its_scores_are_known_and_reward_the_right_answers(case: Case, task: Task, raw: Tensor) -> None:
    target = task.encode(case.targets)
    scores = task_scores(task, raw, target, draws=0)
    assert tuple(scores) == task.scores
    assert scores[task.scores[0]].value is not None


def test_the_state_is_all_there_is(case: Case, task: Task, raw: Tensor) -> None:
    task.calibrate(raw, task.encode(case.targets))
    again = case.make().restore(json.loads(json.dumps(task.state())))
    assert again.state() == task.state()
    assert again.decode(raw) == task.decode(raw)
    torch.testing.assert_close(again.encode(case.targets), task.encode(case.targets), rtol=0, atol=0)
    torch.testing.assert_close(again.focus(raw), task.focus(raw), rtol=0, atol=0)
    assert again.head(WIDTH)(torch.zeros(1, WIDTH)).shape == (1, case.num_outputs)


def test_fitting_twice_is_fitting_once(case: Case, task: Task) -> None:
    state = json.dumps(task.state())
    assert json.dumps(task.fit(case.targets).state()) == state
