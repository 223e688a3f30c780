/// Computes the constant currents of the encoder neurons, I = b + Σ W u, and their share of a step, (1 - alpha) · I.
///
/// The order of the additions to each neuron is the order of the inputs.
func drive(_ inputs: [Double], _ prior: Prior, _ drives: inout MutableSpan<Float>) {
  precondition(inputs.count == Prior.inputs && drives.count == prior.neurons)
  for i in drives.indices { drives[i] = prior.biases[i] }
  let trained = prior.trained
  unsafe prior.trainedWeights.withUnsafeBufferPointer { weights in
    unsafe drives.withUnsafeMutableBufferPointer { currents in
      guard let w = weights.baseAddress, let currents = currents.baseAddress else { return }
      for input in 0..<Prior.inputs where inputs[input] != 0 {
        let u = Float(inputs[input])
        let row = unsafe w + input * trained
        for neuron in 0..<trained { unsafe currents[neuron] += row[neuron] * u }
      }
    }
  }
  for (i, source) in prior.single.enumerated() { drives[trained + i] += source.weight * Float(inputs[source.input]) }
  for i in drives.indices { drives[i] = (1 - prior.decays[i]) * drives[i] }
}
