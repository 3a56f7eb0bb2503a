"""What a recorded run tells: the hazard judge over traces of the CPU runtime."""
