def isboolean: type == "boolean";
def isnumber:  type == "number";
def isstring:  type == "string";
def isarray:   type == "array";
def isobject:  type == "object";
