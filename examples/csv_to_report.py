"""From a CSV file to a report: train, answer new rows, and see which words decided.

python examples/reviews.py reviews.csv
python examples/csv_to_report.py reviews.csv --target label
"""

from __future__ import annotations

import argparse

import salience


def run(path: str, target: str, *, epochs: int, out: str) -> salience.Run:
    """Train on a table and print what the model makes of two new rows."""
    trained = salience.fit(path, target=target, train={"epochs": epochs}, out=out)
    accuracy = trained.metrics["test"]["accuracy"]
    print(f"accuracy {accuracy['value']:.3f}, 95 % interval {accuracy['low']:.3f} to {accuracy['high']:.3f}")

    texts = ["The room was lovely and the view superb.", "To us the pool seemed a mess."]
    for result in trained.predict(texts):
        words = result.to_frame().nlargest(3, "score")
        reasons = ", ".join(f"{word} {score:.0%}" for word, score in zip(words["text"], words["score"], strict=True))
        print(f"{result.prediction[0]} ({result.probability[0]:.0%}), because of: {reasons}")

    print("report:", trained.folder / "report.html")
    return trained


def main() -> None:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("path", help="a table with a text column")
    command.add_argument("--target", required=True, help="the column to predict")
    command.add_argument("--epochs", type=int, default=12)
    command.add_argument("--out", default="runs", help="folder for the run folder")
    words = command.parse_args()
    run(words.path, words.target, epochs=words.epochs, out=words.out)


if __name__ == "__main__":
    main()
