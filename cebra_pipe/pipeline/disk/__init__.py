"""What is on disk against the plan, where it comes from, and what repeats it."""
