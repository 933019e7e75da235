"""Evaluation: is it any good?"""
