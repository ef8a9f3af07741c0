"""Missions that happened, predicted and scored."""
