"""Events of cases, their chains and seals; verifying them; following them."""
