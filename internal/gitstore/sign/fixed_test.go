package sign

const fixedSigners = "ann@example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJM1F3+RzdQvWCm0Gc5qAq1sEP4NhmpHE0E3F6UAbZ3x\n"
