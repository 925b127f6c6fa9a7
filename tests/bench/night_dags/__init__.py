"""DAG files of the bench: what a user would write, and tasks that do nothing."""
