"""Durable records: the only importer of database drivers."""
