"""The working desk: cases from intake to call-back, over Django."""
