"""The admin's first page: how the lines are today, beside the same weekday before."""
