"""Generic parameters learnt from missions that happened."""
