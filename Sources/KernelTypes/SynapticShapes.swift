/// `iaf_cond_exp` neurons of one population in a tile, in single precision.
///
/// The drive of the membrane is I h / C. Over a step K = leak + g_ex · decayEx + g_in · decayIn,
/// B = drive + g_ex · meanEx + g_in · meanIn, and
/// c = g_ex (bendEx - drive · lagEx) + g_in (bendIn - drive · lagIn) + g_ex g_in · cross.
@safe
public struct IafCondExpSlice {
  /// What is the same for all neurons.
  public struct Terms: Sendable {
    /// Decay of the conductances over a step.
    public var leftEx, leftIn: Float
    /// Terms of K.
    public var leak, decayEx, decayIn: Float
    /// Terms of B.
    public var meanEx, meanIn: Float
    /// Terms of c.
    public var bendEx, bendIn, lagEx, lagIn, cross: Float

    /// Puts the terms together.
    public init(
      left: (ex: Float, inh: Float),
      leak: Float,
      decay: (ex: Float, inh: Float),
      mean: (ex: Float, inh: Float),
      bend: (ex: Float, inh: Float),
      lag: (ex: Float, inh: Float),
      cross: Float
    ) {
      (leftEx, leftIn, self.leak, decayEx, decayIn) = (left.ex, left.inh, leak, decay.ex, decay.inh)
      (meanEx, meanIn, bendEx, bendIn) = (mean.ex, mean.inh, bend.ex, bend.inh)
      (lagEx, lagIn, self.cross) = (lag.ex, lag.inh, cross)
    }
  }

  /// The membrane.
  public let membrane: LeakySlice<Float, Int32>
  /// What is the same for all neurons.
  public let terms: Terms
  /// The conductances.
  public let excitatory, inhibitory: UnsafeMutablePointer<Float>
  /// The sums of negative weights.
  public let inhibitorySums: UnsafeMutablePointer<Int32>

  /// Puts the columns together.
  public init(
    membrane: LeakySlice<Float, Int32>,
    terms: Terms,
    excitatory: UnsafeMutablePointer<Float>,
    inhibitory: UnsafeMutablePointer<Float>,
    inhibitorySums: UnsafeMutablePointer<Int32>
  ) {
    (self.membrane, self.terms) = (membrane, terms)
    unsafe (self.excitatory, self.inhibitory, self.inhibitorySums) = (excitatory, inhibitory, inhibitorySums)
  }
}

/// `iaf_psc_alpha` neurons of one population in a tile, in single precision.
@safe
public struct IafPscAlphaSlice {
  /// A current and its derivative.
  @safe
  public struct Current {
    /// Propagators over a step, and what a unit of weight adds to the derivative.
    public let p11, p21, p31, p32, jump: Float
    /// The derivative.
    public let rising: UnsafeMutablePointer<Float>
    /// The current.
    public let current: UnsafeMutablePointer<Float>
    /// The sums of weights that arrive in the step; left at 0.
    public let sums: UnsafeMutablePointer<Int32>

    /// Puts the columns together.
    public init(
      p11: Float,
      p21: Float,
      p31: Float,
      p32: Float,
      jump: Float,
      rising: UnsafeMutablePointer<Float>,
      current: UnsafeMutablePointer<Float>,
      sums: UnsafeMutablePointer<Int32>
    ) {
      (self.p11, self.p21, self.p31, self.p32, self.jump) = (p11, p21, p31, p32, jump)
      unsafe (self.rising, self.current, self.sums) = (rising, current, sums)
    }
  }

  /// The membrane.
  public let membrane: LeakySlice<Float, Int32>
  /// Decay of the potential over a step, and the least potential.
  public let p22, least: Float
  /// The excitatory current, or the sum of both where their time constants agree.
  public let excitatory: Current
  /// The inhibitory current, or nil where time constants agree.
  public let inhibitory: Current?

  /// Puts the columns together.
  public init(
    membrane: LeakySlice<Float, Int32>,
    p22: Float,
    least: Float,
    excitatory: Current,
    inhibitory: Current?
  ) {
    (self.membrane, self.p22, self.least) = (membrane, p22, least)
    (self.excitatory, self.inhibitory) = (excitatory, inhibitory)
  }
}
