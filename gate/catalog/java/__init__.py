"""Java archives: jar, war, ear and their kin, nested and shaded."""
