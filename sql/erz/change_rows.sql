select row from erz.change where package = :package
