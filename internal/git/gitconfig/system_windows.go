package gitconfig

const systemFile = `C:\Program Files\Git\etc\gitconfig`
