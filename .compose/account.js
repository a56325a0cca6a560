// An account that may use the one database and nothing else; run at the first start of MongoDB.
db.getSiblingDB("samplemind").createUser({
  user: "smtui",
  pwd: require("fs").readFileSync("/run/secrets/mongo_password", "utf8").trim(),
  roles: [{ role: "readWrite", db: "samplemind" }],
});
