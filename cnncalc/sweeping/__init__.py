"""Many designs at once: a spec expanded with ranges in place of numbers.

grid.py       `width=0.25:1.5:0.25 input=128,160`: the points
tape.py       numbers that stand for all points: one expansion records the arithmetic and every decision
ratios.py     the same for rational numbers
program.py    a record run on NumPy int64 arrays
evaluate.py   points -> columns; points that decide differently are expanded apart
select.py     `--where`, `--pareto`
engine.py     block after block, here or on a Dask cluster
output.py     rows -> table, CSV, JSON lines, Parquet; in parts that a killed sweep resumes from
fit.py        the largest setting that holds every limit
"""
