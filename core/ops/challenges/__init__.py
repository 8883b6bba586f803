"""The challenges of each concept, in a file of the concept's name: what is to be found, and how torch knows that it is.

A goal asks for sizes before it computes anything, and takes what a hand can do: a drag ends within NEAR of a number.
"""
