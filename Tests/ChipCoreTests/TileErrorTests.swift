import Basics
import ChipCore
import Circuits
import Testing

struct TileErrorTests {
  private func problem(_ change: (inout Circuit) -> Void) -> String {
    var circuit = busyCircuit()
    change(&circuit)
    do {
      _ = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
      return ""
    } catch {
      return error.description
    }
  }

  @Test func `a wrong circuit is refused with what is wrong`() {
    #expect(problem { _ in }.isEmpty)
    #expect(problem { $0.populations[0].model = "iaf_psc_none" }.contains("there is no model 'iaf_psc_none'"))
    #expect(problem { $0.populations[0].parameters["tau_m"] = 0 }.contains("population 'E': tau_m"))
    #expect(problem { $0.populations[0].perNeuron["I_e"] = [1] }.contains("1 values of I_e are given for 120 neurons"))
    #expect(
      problem { $0.populations[0].perNeuron["V_th"] = Array(repeating: -50, count: 120) }.contains("cannot differ")
    )
    #expect(
      problem { $0.populations[0].initial["W_m"] = Distribution(.constant(1)) }.contains("no state variable 'W_m'")
    )
    #expect(problem { $0.projections[0].rule = .fixedIndegree(-3) }.contains("projection 'E' > 'E': fixed_indegree"))
    #expect(problem { $0.projections[0].delay = Distribution(.constant(0)) }.contains("shorter than a step"))
    #expect(
      problem {
        $0.stimuli[0] = .poisson(name: "n", rateHertz: -1, targets: [0], weight: 1, delayMilliseconds: 1)
      }.contains("stimulus 'n': the rate of -1.0 Hz")
    )
    #expect(
      problem {
        let early = InputEvent(timeMilliseconds: 0, target: NeuronID(0), weight: 1, delayMilliseconds: 0)
        $0.stimuli[0] = .events(name: "g", [early])
      }.contains("arrives before the end of the first step")
    )
    #expect(
      problem {
        $0.recorders = [.state(population: 0, neurons: [], variables: ["V"], everySteps: 1, file: "v.csv")]
      }.contains("no variable 'V'; known are: I_syn_ex")
    )
    #expect(problem { $0.stepMilliseconds = 0 }.contains("the step of 0.0 ms"))
  }

  @Test func `a wrong layout is refused`() {
    let circuit = busyCircuit()
    func problem(_ slices: [Slice]) -> TileError? {
      do {
        _ = try Tile(circuit: circuit, layout: PartLayout(part: PartID(0), slices: slices), precision: .single)
        return nil
      } catch {
        return error
      }
    }
    #expect(problem([Slice(population: 0, first: 0, stride: 1, count: 120)]) == nil)
    #expect(problem([]) == nil)
    #expect(problem([Slice(population: 9, first: 0, stride: 1, count: 1)]) == .badLayout("there is no population 9"))
    #expect(problem([Slice(population: 0, first: 100, stride: 1, count: 21)]) != nil)
    let many = Array(repeating: Slice(population: 0, first: 0, stride: 1, count: 1), count: 1024)
    #expect(problem(many) == .tooManyNeurons(places: 65_536, limit: 65_472))
  }
}
