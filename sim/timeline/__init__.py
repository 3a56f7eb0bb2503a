"""A model of the A3's time: what a trace costs, where the cycles go, how long a launch takes. All of it is
prediction.
"""
