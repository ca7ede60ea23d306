"""Train a pipeline: Lightning's loop with early stopping, the best epoch kept, and resumption after any kill."""

from __future__ import annotations

import logging
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch

from salience.core.errors import ConfigError, NotAvailable, did_you_mean
from salience.core.packages import require
from salience.pipeline import Pipeline
from salience.training.module import Epoch, Side, Training
from salience.training.options import TrainOptions

# The last one says why training ended, and is there only if it did.
LAST, BEST, ENDED = "last.ckpt", "best.ckpt", "ended.txt"


@dataclass(frozen=True)
class Fitted:
    """What a training run left behind."""

    history: list[Epoch]
    best: Epoch
    stopped: str
    """Why training ended, in one sentence."""


def fit(
    pipeline: Pipeline,
    train: Side,
    validation: Side,
    *,
    options: TrainOptions,
    folder: Path,
    resume: bool = False,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> Fitted:
    """Train `pipeline.model` in place and leave the weights of the best epoch in it, with calibrated probabilities.

    Checkpoints go to `folder`. With `resume` a run goes on from its last whole epoch and ends with the very weights
    an undisturbed run would have had.

    Raises:
        NotAvailable: a logger or a precision that this machine cannot give.
        ModelFolderError: a checkpoint is damaged, or of another run.
    """
    from salience.training.checkpoint import AtomicCheckpoints, understood

    checkpoints = folder / "checkpoints"
    training = Training(pipeline, train, validation, options, on_epoch=on_epoch)
    ended = checkpoints / ENDED
    if resume and ended.exists():
        # Lightning would run one epoch more than the undisturbed run.
        with understood(checkpoints / LAST):
            training.on_load_checkpoint(AtomicCheckpoints().load_checkpoint(checkpoints / LAST))
    else:
        ended.unlink(missing_ok=True)
        ended.write_text(_train(training, options, folder, resume=resume), encoding="utf-8")
    best = AtomicCheckpoints().load_checkpoint(checkpoints / BEST, map_location="cpu")
    with understood(checkpoints / BEST):
        pipeline.model.load_state_dict(_own(best["state_dict"]))
        chosen = training.history[best["epoch"]]
    task = pipeline.task
    task.calibrate(pipeline.raw(validation.examples), task.encode(validation.targets))
    pipeline.model.eval()
    return Fitted(training.history, chosen, ended.read_text(encoding="utf-8"))


def _train(training: Training, options: TrainOptions, folder: Path, *, resume: bool) -> str:
    """Train to the end, and say why it came."""
    from salience.training.checkpoint import understood

    last = folder / "checkpoints" / LAST
    resumed = resume and last.exists()
    with quiet(), interruptible(), undisturbed():
        trainer = _trainer(options, folder)
        with understood(last, until=lambda: training.begun or not resumed):
            trainer.fit(training, ckpt_path=last if resumed else None, weights_only=True)
    return _why(trainer, options)


def _trainer(options: TrainOptions, folder: Path) -> Any:
    from lightning.pytorch import Trainer
    from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint

    from salience.training.checkpoint import AtomicCheckpoints

    # Lightning's own `save_last` would only be as recent as the best epoch.
    callbacks: list[Callback] = [
        ModelCheckpoint(
            dirpath=folder / "checkpoints",
            filename=Path(name).stem,
            monitor=monitor,
            mode="max",
            enable_version_counter=False,
            save_on_train_epoch_end=True,
        )
        for name, monitor in ((BEST, "validation"), (LAST, None))
    ]
    if options.patience:
        callbacks.append(
            EarlyStopping("validation", mode="max", patience=options.patience, check_on_train_epoch_end=True)
        )
    return Trainer(
        accelerator="auto",
        devices=1,
        max_epochs=options.epochs,
        max_time=timedelta(seconds=options.time_limit) if options.time_limit else None,
        precision="bf16-mixed" if options.precision == "bf16" else "32-true",
        gradient_clip_val=options.clip or None,
        deterministic=options.deterministic,
        callbacks=callbacks,
        plugins=[AtomicCheckpoints()],
        logger=_loggers(options.loggers, folder),
        reload_dataloaders_every_n_epochs=1,
        num_sanity_val_steps=0,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        default_root_dir=folder,
    )


def _loggers(names: tuple[str, ...], folder: Path) -> list[Any] | bool:
    """Optional loggers by name; the history in `history.csv` is always there."""
    from lightning.pytorch import loggers

    made: dict[str, Callable[[], Any]] = {
        "tensorboard": lambda: loggers.TensorBoardLogger(folder, name="tensorboard", version=""),
        "wandb": lambda: loggers.WandbLogger(save_dir=folder, project="salience", name=folder.name),
        "mlflow": lambda: loggers.MLFlowLogger(run_name=folder.name, tracking_uri=f"file:{folder / 'mlflow'}"),
    }
    for name in names:
        if name not in made:
            raise ConfigError(f"there is no logger '{name}'", where="train.loggers", fix=did_you_mean(name, made))
        require(name, extra=name)
    return [made[name]() for name in names] or False


def _own(state: dict[str, Any]) -> dict[str, Any]:
    """The weights that were judged, out of those of the Lightning module around them: their average if there is one."""
    average = "average.module."
    prefix = average if any(name.startswith(average) for name in state) else "model."
    return {name.removeprefix(prefix): each for name, each in state.items() if name.startswith(prefix)}


def _why(trainer: Any, options: TrainOptions) -> str:
    if trainer.current_epoch >= options.epochs:
        return f"all {options.epochs} epochs were run"
    if options.patience and trainer.early_stopping_callback and trainer.early_stopping_callback.stopped_epoch:
        return f"no better validation score for {options.patience} epochs"
    if options.time_limit:
        return f"the time limit of {options.time_limit:g} s was reached"
    raise NotAvailable("training was interrupted", fix="continue it with --resume")


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Lightning's notices about itself; errors still come through."""
    names = ("lightning.pytorch", "lightning.fabric", "lightning.pytorch.utilities.rank_zero")
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message=".*lr_scheduler.step.*")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Leave torch's random numbers and its rule about deterministic operations as the rest of the program has them."""
    strict = torch.are_deterministic_algorithms_enabled()
    only_warn = torch.is_deterministic_algorithms_warn_only_enabled()
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(strict, warn_only=only_warn)


@contextmanager
def interruptible() -> Iterator[None]:
    """Pass a KeyboardInterrupt on. Lightning ends the process instead, and has all later ones ignored."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as error:
        if not isinstance(error.__context__, KeyboardInterrupt):
            raise
        signal.signal(signal.SIGINT, handler)
        raise error.__context__ from None
