"""The tables proved: what is predicted beside what is measured, one file a way of measuring."""
