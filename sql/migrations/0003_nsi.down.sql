drop schema nsi cascade;
