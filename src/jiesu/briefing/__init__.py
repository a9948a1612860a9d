"""Documents: an Evaluation to the bulletin's content, and that to HTML, DOCX, PDF, XLSX, JSON."""
