"""Prices and lead times as a list: read from a workbook or CSV file, and written into the catalog's files."""
