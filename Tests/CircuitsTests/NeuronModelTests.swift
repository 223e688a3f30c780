import Circuits
import Testing

struct NeuronModelTests {
  @Test func `models are found by name and host models only on request`() {
    #expect(NeuronModelCatalog.named("iaf_psc_exp")?.weightUnit == "pA")
    #expect(NeuronModelCatalog.named("iaf_psc_delta")?.weightUnit == "mV")
    #expect(NeuronModelCatalog.named("rate_encoder") == nil)
    #expect(NeuronModelCatalog.anyNamed("rate_encoder")?.name == "rate_encoder")
    #expect(NeuronModelCatalog.named("iaf_psc_none") == nil)
  }

  @Test func `defaults are those of NEST and have no problem`() {
    let model = NeuronModel.iafPscExp
    #expect(model.defaults["C_m"] == 250)
    #expect(model.defaults["tau_m"] == 10)
    #expect(model.defaults["V_th"] == -55)
    for model in NeuronModelCatalog.all + NeuronModelCatalog.hostOnly {
      #expect(model.problem(model.defaults, 0.1) == nil)
      #expect(model.problem([:], 0.1) == nil)
    }
  }

  @Test(
    arguments: [
      ("C_m", 0, "C_m"), ("tau_m", -1, "tau_m"), ("tau_syn_ex", 0, "tau_syn_ex"), ("V_reset", -50, "below V_th"),
      ("t_ref", 0.25, "whole number of steps"), ("t_ref", -1, "at least 0"), ("t_ref", 1e9, "longer than"),
      ("I_e", .infinity, "finite"), ("V_th", .nan, "not a number"),
    ] as [(String, Double, String)]
  )
  func `parameters out of range are refused with their name`(name: String, value: Double, words: String) {
    var parameters = NeuronModel.iafPscExp.defaults
    parameters[name] = value
    #expect(NeuronModel.iafPscExp.problem(parameters, 0.1)?.contains(words) == true)
  }

  @Test(
    arguments: [
      (.iafPscAlpha, "tau_syn_in", 0, "tau_syn_in = 0.0 must be greater than 0"),
      (.iafPscAlpha, "V_min", -60, "V_min = -60.0 mV must be at most V_reset"),
      (.iafPscAlpha, "V_reset", -50, "below V_th"), (.iafCondExp, "g_L", 0, "g_L = 0.0 must be greater than 0"),
      (.iafCondExp, "E_in", .infinity, "E_in = inf must be finite"), (.iafCondExp, "V_reset", -50, "below V_th"),
      (.iafCondExp, "t_ref", 0.25, "whole number of steps"), (.iafCondExp, "tau_syn_ex", -1, "greater than 0"),
    ] as [(NeuronModel, String, Double, String)]
  )
  func `each model checks its parameters`(model: NeuronModel, name: String, value: Double, words: String) {
    #expect(model.problem(model.defaults.merging([name: value]) { $1 }, 0.1)?.contains(words) == true)
  }

  @Test func `steps are nearest or exact`() {
    #expect(StepGrid.nearest(0.25, stepMilliseconds: 0.1) == 2)
    #expect(StepGrid.exact(2, stepMilliseconds: 0.1) == 20)
    #expect(StepGrid.exact(0.3, stepMilliseconds: 0.1) == 3)
    #expect(StepGrid.exact(0.25, stepMilliseconds: 0.1) == nil)
    #expect(StepGrid.exact(.infinity, stepMilliseconds: 0.1) == nil)
  }
}
