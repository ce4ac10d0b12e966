"""What scripts/measure and scripts/unused know of C++ sources: tokens, functions, includes, repeats."""
