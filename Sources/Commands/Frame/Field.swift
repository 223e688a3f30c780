public import Basics

/// What is said about an option or argument: its name, what it takes and what it does.
public struct FieldOutline: Sendable, Equatable {
  /// How it is given.
  public enum Role: Sendable, Equatable {
    /// `--name`, present or absent.
    case flag
    /// `--name VALUE`.
    case option(isRequired: Bool, repeats: Bool)
    /// A word without `--`, in the order of the table.
    case argument(isRequired: Bool)
    /// All remaining words.
    case rest(atLeast: Int)
  }
  /// Name without `--`; for an argument the word that help shows.
  public var name: String
  /// One letter after a single `-`, if any.
  public var letter: Character?
  /// How it is given.
  public var role: Role
  /// What help shows in place of the value.
  public var placeholder: String
  /// What it does, in one sentence.
  public var help: String
  /// The words that are allowed, if few.
  public var choices: [String]
  /// Whether its value names a YAML file whose top-level keys fill options that are not given.
  public var isConfiguration = false

  /// Whether a value follows.
  public var takesValue: Bool { role != .flag }
  /// Whether it is written with `--`.
  public var isOption: Bool {
    switch role {
    case .flag, .option: true
    case .argument, .rest: false
    }
  }
  /// The environment variable that stands in for it.
  public var environmentName: String {
    "SYNFIRE_" + String(name.map { $0 == "-" ? "_" : Character($0.uppercased()) })
  }
  /// As it is typed.
  public var spelling: String { isOption ? "--\(name)" : name }
}

/// The way to a property that an option sets.
public typealias SettablePath<Root, Value> = any WritableKeyPath<Root, Value> & Sendable

/// One option or argument of a command, bound to a property of it.
public struct Field<Root>: Sendable {
  /// What is said about it.
  public var outline: FieldOutline
  let apply: @Sendable (inout Root, String) throws(ValueError) -> Void
  let standing: @Sendable (Root) -> String

  /// An option with a value.
  public static func value<Value: OptionValue>(
    _ name: String,
    _ path: SettablePath<Root, Value>,
    _ placeholder: String,
    letter: Character? = nil,
    isRequired: Bool = false,
    help: String
  ) -> Self {
    let role = FieldOutline.Role.option(isRequired: isRequired, repeats: false)
    return Field(outline(name, letter, role, placeholder, help, Value.self)) { root, text throws(ValueError) in
      root[keyPath: path] = try Value.parse(text)
    } standing: {
      isRequired ? "" : $0[keyPath: path].typed
    }
  }

  /// An option that has no value until it is given.
  public static func value<Value: OptionValue>(
    _ name: String,
    _ path: SettablePath<Root, Value?>,
    _ placeholder: String,
    letter: Character? = nil,
    help: String
  ) -> Self {
    let role = FieldOutline.Role.option(isRequired: false, repeats: false)
    return Field(outline(name, letter, role, placeholder, help, Value.self)) { root, text throws(ValueError) in
      root[keyPath: path] = try Value.parse(text)
    } standing: {
      $0[keyPath: path]?.typed ?? ""
    }
  }

  /// An option with a whole number within bounds.
  public static func value(
    _ name: String,
    _ path: SettablePath<Root, Int>,
    _ placeholder: String,
    in bounds: ClosedRange<Int>,
    isRequired: Bool = false,
    help: String
  ) -> Self {
    let role = FieldOutline.Role.option(isRequired: isRequired, repeats: false)
    return Field(outline(name, nil, role, placeholder, help, Int.self)) { root, text throws(ValueError) in
      let value = try Int.parse(text)
      guard bounds.contains(value) else {
        throw ValueError("\(value) is out of range; \(bounds.lowerBound) to \(bounds.upperBound) are allowed")
      }
      root[keyPath: path] = value
    } standing: {
      isRequired ? "" : $0[keyPath: path].typed
    }
  }

  /// An option that may be given many times; its environment variable separates values with commas.
  public static func values<Value: OptionValue>(
    _ name: String,
    _ path: SettablePath<Root, [Value]>,
    _ placeholder: String,
    help: String
  ) -> Self {
    let role = FieldOutline.Role.option(isRequired: false, repeats: true)
    return Field(outline(name, nil, role, placeholder, help, Value.self)) { root, text throws(ValueError) in
      root[keyPath: path].append(try Value.parse(text))
    } standing: {
      $0[keyPath: path].map(\.typed).joined(separator: ",")
    }
  }

  /// An option with a quantity that is kept in the canonical unit of its dimension (ms, bytes, …).
  public static func quantity(
    _ name: String,
    _ path: SettablePath<Root, Double>,
    _ dimension: Dimension,
    _ placeholder: String,
    isPositive: Bool = true,
    help: String
  ) -> Self {
    let role = FieldOutline.Role.option(isRequired: false, repeats: false)
    return Field(outline(name, nil, role, placeholder, help, Double.self)) { root, text throws(ValueError) in
      root[keyPath: path] = try read(text, dimension, isPositive)
    } standing: {
      NumberText.quantity($0[keyPath: path], dimension)
    }
  }

  /// An option with a quantity that has no value until it is given.
  public static func quantity(
    _ name: String,
    _ path: SettablePath<Root, Double?>,
    _ dimension: Dimension,
    _ placeholder: String,
    isPositive: Bool = true,
    help: String
  ) -> Self {
    let role = FieldOutline.Role.option(isRequired: false, repeats: false)
    return Field(outline(name, nil, role, placeholder, help, Double.self)) { root, text throws(ValueError) in
      root[keyPath: path] = try read(text, dimension, isPositive)
    } standing: {
      $0[keyPath: path].map { NumberText.quantity($0, dimension) } ?? ""
    }
  }

  /// An option that is either present or absent (`--name=false` undoes what the environment says).
  public static func flag(_ name: String, _ path: SettablePath<Root, Bool>, help: String) -> Self {
    Field(outline(name, nil, .flag, "", help, String.self)) { root, text throws(ValueError) in
      switch text.lowercased() {
      case "true", "yes", "1", "on": root[keyPath: path] = true
      case "false", "no", "0", "off": root[keyPath: path] = false
      default: throw ValueError("'\(text)' is neither true nor false")
      }
    } standing: { _ in
      ""
    }
  }

  /// An option that names a YAML file whose top-level keys fill options that are not given otherwise.
  public static func configuration(_ path: SettablePath<Root, String?>, help: String) -> Self {
    var field = value("config", path, "FILE", help: help)
    field.outline.isConfiguration = true
    return field
  }

  /// A word that must be given.
  public static func argument<Value: OptionValue>(
    _ name: String,
    _ path: SettablePath<Root, Value>,
    help: String
  ) -> Self {
    Field(outline(name, nil, .argument(isRequired: true), "", help, Value.self)) { root, text throws(ValueError) in
      root[keyPath: path] = try Value.parse(text)
    } standing: { _ in
      ""
    }
  }

  /// A word that may be given.
  public static func argument<Value: OptionValue>(
    _ name: String,
    _ path: SettablePath<Root, Value?>,
    help: String
  ) -> Self {
    Field(outline(name, nil, .argument(isRequired: false), "", help, Value.self)) { root, text throws(ValueError) in
      root[keyPath: path] = try Value.parse(text)
    } standing: {
      $0[keyPath: path]?.typed ?? ""
    }
  }

  /// All remaining words.
  public static func rest<Value: OptionValue>(
    _ name: String,
    _ path: SettablePath<Root, [Value]>,
    atLeast: Int = 0,
    help: String
  ) -> Self {
    Field(outline(name, nil, .rest(atLeast: atLeast), "", help, Value.self)) { root, text throws(ValueError) in
      root[keyPath: path].append(try Value.parse(text))
    } standing: { _ in
      ""
    }
  }

  /// The same field of something that holds the command.
  func lifted<Outer>(_ path: SettablePath<Outer, Root>) -> Field<Outer> {
    Field<Outer>(outline) { [apply] root, text throws(ValueError) in
      try apply(&root[keyPath: path], text)
    } standing: { [standing] in
      standing($0[keyPath: path])
    }
  }

  private init(
    _ outline: FieldOutline,
    apply: @escaping @Sendable (inout Root, String) throws(ValueError) -> Void,
    standing: @escaping @Sendable (Root) -> String
  ) {
    (self.outline, self.apply, self.standing) = (outline, apply, standing)
  }

  private static func outline<Value: OptionValue>(
    _ name: String,
    _ letter: Character?,
    _ role: FieldOutline.Role,
    _ placeholder: String,
    _ help: String,
    _: Value.Type
  ) -> FieldOutline {
    FieldOutline(
      name: name,
      letter: letter,
      role: role,
      placeholder: placeholder,
      help: help,
      choices: Value.choices
    )
  }

  /// The greatest quantity in canonical units: 30,000 years in ms, a petabyte; whole numbers up to it are exact.
  private static var largestQuantity: Double { 1e15 }

  private static func read(_ text: String, _ dimension: Dimension, _ isPositive: Bool) throws(ValueError) -> Double {
    let value: Double
    do { value = try Quantity.parse(text, as: dimension) } catch { throw ValueError(error.description) }
    if isPositive, value <= 0 { throw ValueError("'\(text)' is not more than 0") }
    guard value.magnitude <= largestQuantity else { throw ValueError("'\(text)' is beyond anything that can be meant") }
    return value
  }
}
