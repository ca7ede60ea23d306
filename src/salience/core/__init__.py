"""The words everyone uses: records, batches, places, errors."""
