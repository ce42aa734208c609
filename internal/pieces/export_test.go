package pieces

// AppendIndented is for the test that compares it with json.Indent.
var AppendIndented = appendIndented
