drop schema pump cascade;
