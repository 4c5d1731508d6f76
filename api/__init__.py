"""What a program can do that a person does in the browser: the site's HTTP interface."""
