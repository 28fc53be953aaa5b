"""Fakes of the providers' APIs, written from the providers' documentation: one class each (peers/fake_api.py)."""
