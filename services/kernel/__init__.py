"""Words that everybody may use: errors, ids, money, quantities, time. Standard library only."""
