"""Documents: PDF, Word, RTF, Markdown and plain text as pages of blocks, and the tables in them."""
