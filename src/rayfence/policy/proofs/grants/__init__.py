"""Parts of least privilege as output: what each actor holds, what was rendered, and what is too broad."""
