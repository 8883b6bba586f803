"""The workbench: lines of tensor code explained. Traces in, steps and plain data out."""
