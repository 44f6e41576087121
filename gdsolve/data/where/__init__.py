"""`--where`: which rows of a table are read at all, as a condition of SQL says of each row by itself."""
