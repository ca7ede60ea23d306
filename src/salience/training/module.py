"""The thin layer between a pipeline and Lightning's loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from salience.core.batch import Batch, Example
from salience.core.build import build
from salience.core.errors import NotAvailable, did_you_mean
from salience.core.lazy import Lazy
from salience.core.seed import derive
from salience.data.loader import Loader
from salience.data.rationale import Rationale
from salience.evaluation.scores import LOWER_IS_BETTER, task_scores
from salience.models import Model, Output
from salience.pipeline import BATCH, Pipeline
from salience.tasks import Grouping, Task
from salience.training import schedule
from salience.training.options import TrainOptions
from salience.training.teaching import Teaching, build_losses


@dataclass(frozen=True)
class Side:
    """Encoded rows, with their targets as the user wrote them."""

    examples: Sequence[Mapping[str, Example]]
    targets: Sequence[Any]
    rationales: Mapping[str, Sequence[Rationale | None]] = field(default_factory=dict)
    """Per marked column, what people marked in each row; it teaches attention and is never read by the model."""


@dataclass(frozen=True)
class Epoch:
    """One line of the training history."""

    number: int
    loss: float
    """Mean training loss, attention losses and penalty included."""
    scores: dict[str, float]
    """Validation scores, and the validation loss."""
    selected: float
    """The score that chooses the best epoch; more is better."""
    rate: float
    """Learning rate at the end of the epoch."""
    seconds: float
    best: bool
    """Better than every epoch before."""


class Training(LightningModule):
    """What Lightning steps: loss, validation scores, optimiser; and the history it leaves.

    Everything random in an epoch (order of rows, units left out, dropout) is a function of the seed and the number of
    the epoch alone, so a run that starts again at an epoch repeats it to the last bit.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        train: Side,
        validation: Side,
        options: TrainOptions,
        *,
        on_epoch: Callable[[Epoch], None] | None = None,
    ) -> None:
        super().__init__()
        self.model = pipeline.model
        #: The running average of the model's weights, if that is what is judged and kept.
        self.average = average_of(self.model, options.ema) if options.ema else None
        self.history: list[Epoch] = []
        #: Whether an epoch has begun, so that everything of a checkpoint has been taken in.
        self.begun = False
        self._pipeline = pipeline
        self._train = train
        self._target = _encoded(pipeline.task, train.targets)
        self._groups = cast(Grouping, pipeline.task).groups(train.targets) if hasattr(pipeline.task, "groups") else None
        self._held_target = pipeline.task.encode(validation.targets)
        self._validation = validation
        self._options = options
        self._on_epoch = on_epoch
        self._select = options.select or pipeline.task.scores[0]
        self._losses: list[Tensor] = []
        self._started = 0.0
        losses = build_losses(options.attention_loss)
        self.teaching = Teaching(losses, pipeline, train.examples, train.rationales) if losses else None
        self._adversary = options.adversary()
        self._penalised = _head(self.model) if options.head_penalty else []
        self._order: list[Any] = []

    def train_dataloader(self) -> Loader:
        """The batches of the current epoch; Lightning asks anew for each."""
        loader = Loader(
            self._train.examples,
            self._pipeline.modalities,
            self._target,
            batch_size=self._options.batch_size,
            shuffle=True,
            seed=self._options.seed,
            epoch=self.current_epoch,
            groups=self._groups,
            drop_units=self._options.drop_units,
        )
        self._order = loader.order
        return loader

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:  # noqa: ARG002
        return batch.to(device)

    def on_train_epoch_start(self) -> None:
        self.begun = True
        if self.teaching:
            self.teaching.begin(self.current_epoch)
        torch.manual_seed(derive(self._options.seed, "dropout", self.current_epoch))
        self._losses.clear()
        self._started = time.perf_counter()

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        assert batch.target is not None
        output, loss = self._answered(batch, batch.target)
        if self.teaching:
            loss = loss + self.teaching(output, batch, self._order[batch_idx].tolist())
        if self._penalised:
            squares = torch.stack([each.square().sum() for each in self._penalised]).sum()
            loss = loss + self._options.head_penalty * squares / 2
        self._losses.append(loss.detach())
        return loss

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002
        if self.average:
            self.average.update_parameters(self.model)

    def _answered(self, batch: Batch, target: Tensor) -> tuple[Output, Tensor]:
        if self._adversary:
            return self._adversary(self.model, batch, self._pipeline.task.loss)
        output = self.model(batch)
        return output, self._pipeline.task.loss(output.raw, target)

    def on_train_epoch_end(self) -> None:
        task = self._pipeline.task
        # What fits into memory with gradients does without, and few batches are quick.
        size = max(BATCH, self._options.batch_size)
        with self._judged() as pipeline:
            raw = pipeline.raw(self._validation.examples, size=size)
        scored = task_scores(task, raw, self._held_target, draws=0)
        scores = {name: score.value for name, score in scored.items() if score.value is not None}
        scores["loss"] = task.loss(raw, self._held_target).item()
        if self._select not in scores:
            raise NotAvailable(
                f"the score '{self._select}' that chooses the best epoch has no value on the validation rows",
                where="train.select",
                fix=did_you_mean(self._select, scores),
            )
        lower = self._select in LOWER_IS_BETTER or self._select == "loss"
        value = -scores[self._select] if lower else scores[self._select]
        self.log("validation", value)
        self._remember(scores, value)
        scheduler = self.lr_schedulers()
        if isinstance(scheduler, ReduceLROnPlateau):
            scheduler.step(value)

    @contextmanager
    def _judged(self) -> Iterator[Pipeline]:
        """The pipeline with the weights that are judged and kept, which may be others than those that learn."""
        if self.average:
            self._pipeline.model = cast(Model, self.average.module)
        try:
            yield self._pipeline
        finally:
            self._pipeline.model = self.model

    def lr_scheduler_step(self, scheduler: Any, metric: Any) -> None:
        """Step what goes by steps; Lightning would step a plateau only after the checkpoint of the epoch is written."""
        if not isinstance(scheduler, ReduceLROnPlateau):
            super().lr_scheduler_step(scheduler, metric)

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,  # noqa: ARG002
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,  # noqa: ARG002
    ) -> None:
        """Clip the norm here, because Lightning refuses to for the fused optimiser under mixed precision."""
        if gradient_clip_val:
            nn.utils.clip_grad_norm_(self.parameters(), gradient_clip_val)

    def _remember(self, scores: dict[str, float], value: float) -> None:
        epoch = Epoch(
            number=self.current_epoch + 1,
            loss=torch.stack(self._losses).mean().item(),
            scores=scores,
            selected=value,
            rate=self.optimizers().param_groups[0]["lr"],  # type: ignore[union-attr]
            seconds=time.perf_counter() - self._started,
            best=all(earlier.selected < value for earlier in self.history),
        )
        self.history.append(epoch)
        if self._on_epoch:
            self._on_epoch(epoch)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["history"] = [asdict(epoch) for epoch in self.history]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.history = [Epoch(**epoch) for epoch in checkpoint["history"]]

    def configure_optimizers(self) -> Any:
        options = self._options
        optimizer = torch.optim.AdamW(_groups(self, options.weight_decay), lr=options.learning_rate, fused=True)
        course: schedule.Schedule = build(options.schedule, schedule)
        steps = int(self.trainer.estimated_stepping_batches)
        return {"optimizer": optimizer, "lr_scheduler": course.over(optimizer, steps)}


def average_of(model: nn.Module, decay: float) -> AveragedModel:
    """A copy of a model that follows its weights as :math:`w' = d w' + (1 - d) w`, and learns nothing by itself."""
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay)).requires_grad_(False)


def _groups(model: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Matrices decay; biases and the scales of norms do not."""
    trained = [each for each in model.parameters() if each.requires_grad]
    return [
        {"params": [each for each in trained if each.ndim >= 2], "weight_decay": decay},
        {"params": [each for each in trained if each.ndim < 2], "weight_decay": 0.0},
    ]


def _head(model: nn.Module) -> list[nn.Parameter]:
    """All weights of the last layer.

    Raises:
        NotAvailable: the model is made as a whole, and has no layer of this name.
    """
    if not isinstance(model, Model):
        raise NotAvailable(
            f"{type(model).__name__} has no head whose weights could be kept small",
            where="train.head_penalty",
            fix="choose weight_decay, which is for all layers",
        )
    return list(model.head.parameters())


def _encoded(task: Task, targets: Sequence[Any]) -> Tensor | Callable[[Tensor], Tensor]:
    """All targets, or where they are lazy a function that encodes those of some rows."""
    if isinstance(targets, Lazy):
        return lambda index: task.encode([targets[i] for i in index.tolist()])
    return task.encode(targets)
